//! The mails the site sends: plain text, in the reader's language.

use crate::lang::{Arg, Lang};
use crate::vocabulary::Reason;

/// A mail ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    /// Plain text, lines ended by `\n`.
    pub body: String,
}

fn mail(lang: Lang, name: &str, nickname: &str, args: &[(&str, Arg<'_>)]) -> Mail {
    let body = lang.plain_with(&format!("mail-{name}-body"), args);
    let greeting = lang.ta1("mail-greeting", "name", nickname);
    let end = lang.ta("mail-end");
    Mail {
        // A title inside a subject must not begin a new header.
        subject: lang.plain_with(&format!("mail-{name}-subject"), args).replace(['\r', '\n'], " "),
        body: format!("{greeting}\n\n{body}\n\n-- \n{end}\n"),
    }
}

/// Asks to confirm the address; `url` carries the token.
#[must_use]
pub fn confirm(lang: Lang, nickname: &str, url: &str) -> Mail {
    mail(lang, "confirm", nickname, &[("url", Arg::Text(url))])
}

/// Someone signed up with an address that already has an account.
#[must_use]
pub fn already_signed_up(lang: Lang, nickname: &str, login_url: &str) -> Mail {
    mail(lang, "already", nickname, &[("url", Arg::Text(login_url))])
}

/// Leads to a new password; `url` carries the token.
#[must_use]
pub fn reset(lang: Lang, nickname: &str, url: &str) -> Mail {
    mail(lang, "reset", nickname, &[("url", Arg::Text(url))])
}

/// The password has changed.
#[must_use]
pub fn password_changed(lang: Lang, nickname: &str, forgot_url: &str) -> Mail {
    mail(lang, "password-changed", nickname, &[("url", Arg::Text(forgot_url))])
}

/// A post is published.
#[must_use]
pub fn approved(lang: Lang, nickname: &str, title: &str, url: &str) -> Mail {
    mail(lang, "approved", nickname, &[("title", Arg::Text(title)), ("url", Arg::Text(url))])
}

/// A post should be changed; `url` is its form.
#[must_use]
pub fn changes_requested(
    lang: Lang,
    nickname: &str,
    title: &str,
    reason: Reason,
    note: &str,
    url: &str,
) -> Mail {
    decision(lang, "changes", nickname, title, reason, note, url)
}

/// A post will not be published.
#[must_use]
pub fn rejected(
    lang: Lang,
    nickname: &str,
    title: &str,
    reason: Reason,
    note: &str,
    url: &str,
) -> Mail {
    decision(lang, "rejected", nickname, title, reason, note, url)
}

fn decision(
    lang: Lang,
    name: &str,
    nickname: &str,
    title: &str,
    reason: Reason,
    note: &str,
    url: &str,
) -> Mail {
    let mut why = format!("{}\n{}", reason.plain_name(lang), reason.plain_fix(lang));
    if !note.trim().is_empty() {
        why.push_str("\n\n");
        why.push_str(note.trim());
    }
    let args = [("title", Arg::Text(title)), ("why", Arg::Text(&why)), ("url", Arg::Text(url))];
    mail(lang, name, nickname, &args)
}

/// A video could not be prepared; `why` is plain text.
#[must_use]
pub fn video_failed(lang: Lang, nickname: &str, title: &str, why: &str, url: &str) -> Mail {
    let args = [("title", Arg::Text(title)), ("why", Arg::Text(why)), ("url", Arg::Text(url))];
    mail(lang, "video-failed", nickname, &args)
}

/// A photo could not be prepared; `url` is the post's form.
#[must_use]
pub fn photo_failed(lang: Lang, nickname: &str, title: &str, url: &str) -> Mail {
    mail(lang, "photo-failed", nickname, &[("title", Arg::Text(title)), ("url", Arg::Text(url))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_is_whole_in_every_language() {
        for lang in Lang::ALL {
            let url = "https://megurumi.example/x?token=a&b=c";
            let reason = Reason::OtherChildren;
            let mails = [
                confirm(lang, "はな", url),
                already_signed_up(lang, "はな", url),
                reset(lang, "はな", url),
                password_changed(lang, "はな", url),
                approved(lang, "はな", "題", url),
                changes_requested(lang, "はな", "題", reason, "0:31です。", url),
                rejected(lang, "はな", "題", reason, "", url),
                video_failed(lang, "はな", "題", "長すぎます。", url),
                photo_failed(lang, "はな", "題", url),
            ];
            for mail in mails {
                assert!(!mail.subject.contains('⟦') && !mail.body.contains('⟦'), "{mail:?}");
                assert!(mail.body.contains(url), "the address is not escaped: {mail:?}");
                assert!(!mail.body.contains('《'), "{mail:?}");
            }
        }
    }

    #[test]
    fn a_title_cannot_begin_a_header() {
        let mail = approved(Lang::Ja, "はな", "題\r\nBcc: x@y", "https://megurumi.example/");
        assert!(!mail.subject.contains(['\r', '\n']), "{mail:?}");
    }
}
