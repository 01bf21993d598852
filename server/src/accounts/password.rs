//! Passwords: what is good enough, and what is kept of one.
//!
//! Length, not composition (NIST SP 800-63B): any characters, spaces included, folded by NFKC so that every keyboard makes the
//! same password. What stands on the lists of the commonest leaked ones, or is as easily guessed, is refused by zxcvbn's estimate.

use super::Complaint;
use anyhow::anyhow;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::Score;

pub const LEAST_CHARS: usize = 10;
/// Far beyond any passphrase; keeps the work for one request small.
pub const MOST_CHARS: usize = 200;

/// Each hash takes 19 MiB for some 20 ms: a burst of log-ins waits here instead of eating the memory.
static SLOTS: Semaphore = Semaphore::const_new(4);

/// Checked when there is no such account, so that the answer takes as long as for a wrong password.
static DUMMY: LazyLock<String> =
    LazyLock::new(|| hash_now(&crate::access::secret()).unwrap_or_default());

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    Short,
    Long,
    /// Among the first million guesses of an attacker who has the lists of leaked passwords.
    Common,
    /// The same, of one who also knows the person's name and address.
    Personal,
}

impl Weakness {
    pub fn complaint(self) -> Complaint {
        match self {
            Self::Short => ("error-password-short", Some(LEAST_CHARS as i64)),
            Self::Long => ("error-password-long", Some(MOST_CHARS as i64)),
            Self::Common => ("error-password-common", None),
            Self::Personal => ("error-password-same", None),
        }
    }
}

/// `own` are words that someone who knows this person would try first.
pub async fn check(password: &str, own: &[&str]) -> anyhow::Result<Result<(), Weakness>> {
    match password.chars().count() {
        ..LEAST_CHARS => return Ok(Err(Weakness::Short)),
        count if count > MOST_CHARS => return Ok(Err(Weakness::Long)),
        _ => {}
    }
    let password = fold(password);
    let own: Vec<String> = own
        .iter()
        .flat_map(|word| word.split('@'))
        .chain(["megurumi", "めぐるみ"])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    tokio::task::spawn_blocking(move || {
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let is_weak = |own: &[&str]| zxcvbn::zxcvbn(&password, own).score() <= Score::One;
        match (is_weak(&own), is_weak(&["megurumi", "めぐるみ"])) {
            (_, true) => Err(Weakness::Common),
            (true, false) => Err(Weakness::Personal),
            (false, false) => Ok(()),
        }
    })
    .await
    .map_err(Into::into)
}

/// What is stored: argon2id in PHC form, with a salt of its own.
pub async fn hash(password: &str) -> anyhow::Result<String> {
    let _slot = SLOTS.acquire().await?;
    let password = fold(password);
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

/// Is it the password behind `hash`? Without a hash the answer is no, after the same work.
pub async fn verify(password: &str, hash: Option<&str>) -> anyhow::Result<bool> {
    let _slot = SLOTS.acquire().await?;
    // An absurd length costs nothing: nobody has such a password.
    let password: String = fold(password).chars().take(4 * MOST_CHARS).collect();
    let hash = hash.map(str::to_owned);
    tokio::task::spawn_blocking(move || {
        let dummy = &*DUMMY;
        let stored = PasswordHash::new(hash.as_deref().unwrap_or(dummy))
            .map_err(|error| anyhow!("a stored password hash is damaged: {error}"))?;
        let matches = Argon2::default().verify_password(password.as_bytes(), &stored).is_ok();
        Ok(matches && hash.is_some())
    })
    .await?
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    // The crate's defaults are OWASP's first choice: argon2id, 19 MiB, 2 passes, 1 lane.
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow!("cannot hash a password: {error}"))?;
    Ok(hash.to_string())
}

fn fold(password: &str) -> String {
    password.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check_for_hanako(password: &str) -> Result<(), Weakness> {
        check(password, &["はなこ", "hanako.tanaka@example.jp"]).await.unwrap()
    }

    #[tokio::test]
    async fn the_commonest_and_the_personal_are_refused() {
        for weak in [
            "1234567890",
            "password123",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "abcdefghij",
            "abcabcabcabc",
            "iloveyou123",
            "1q2w3e4r5t",
            "megurumi12",
            "megurumi2026",
            "passwordpassword",
            "1990-11-22",
            "ｐａｓｓｗｏｒｄ１２３",
        ] {
            assert_eq!(check_for_hanako(weak).await, Err(Weakness::Common), "{weak}");
        }
        for weak in ["hanako.tanaka", "Hanako.Tanaka1"] {
            assert_eq!(check_for_hanako(weak).await, Err(Weakness::Personal), "{weak}");
        }
    }

    #[tokio::test]
    async fn length_counts_and_no_kind_of_character_is_asked_for() {
        assert_eq!(check_for_hanako("みかん9こ").await, Err(Weakness::Short));
        assert_eq!(check_for_hanako(&"ね".repeat(201)).await, Err(Weakness::Long));
        for good in [
            "ひよこ おさんぽ あめのひ",
            "kabocha tobu yoru",
            "jizou-mawaru-73",
            "correct horse battery",
        ] {
            assert_eq!(check_for_hanako(good).await, Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn a_password_is_the_same_from_every_keyboard() {
        let hash = hash("ひよこ ｋａｂｏｃｈａ 12").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("ひよこ kabocha 12", Some(&hash)).await.unwrap());
        assert!(!verify("ひよこ kabocha 13", Some(&hash)).await.unwrap());
        assert!(!verify("ひよこ kabocha 12", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_book_for_a_password_is_simply_wrong() {
        assert!(!verify(&"あ".repeat(100_000), None).await.unwrap());
    }
}
