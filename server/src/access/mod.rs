//! Who is asking, and what they may do.
//!
//! - [`session`]: log-ins. The cookie holds a random token; the table holds only its hash.
//! - [`viewer`]: the session's account as an extractor.
//! - [`policy`]: every rule about who may do what, pure; the answer is a proof that writes ask for.
//! - [`rate_limit`]: how often, counted in the database so that it holds across nodes and restarts.
//!
//! Not here: passwords and mail tokens (`accounts`), and which class of viewer a route admits ([`crate::routes`]).

pub mod policy;
pub mod rate_limit;
pub mod session;
pub mod viewer;

pub use viewer::{Account, Member, Moderator, Viewer};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 random bits from the operating system, as 43 URL-safe characters.
///
/// Panics when the system has no randomness to give: nothing can be safe then.
pub fn secret() -> String {
    let mut bytes = [0u8; 32];
    #[expect(clippy::expect_used)]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a secret. A plain hash is enough: the secret has 256 bits.
pub fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
