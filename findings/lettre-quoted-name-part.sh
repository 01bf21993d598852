#!/usr/bin/env bash
# lettre's Mailbox refuses to read addresses that its Address takes, and prints itself.
#
# Guess: a name part with two dots in a row, as Japanese carriers gave out, is taken once it is quoted as RFC 5321 wants it; and a Mailbox,
#   which is an Address with a name, takes what an Address takes, all the more what it has printed itself.
# Seen (lettre 0.11.23): Address refuses foo..bar@docomo.ne.jp and takes "foo..bar"@docomo.ne.jp. A Mailbox made of that Address prints
#   "foo..bar"@docomo.ne.jp, and parsing just that as a Mailbox fails: its parser goes by atoms and dots alone. So does the To header
#   when it is read back, as it is to work out the envelope. With an envelope of its own and a raw To header the message can be built.
# Rests on it: server/src/mail.rs.
set -euo pipefail

command -v cargo >/dev/null || { echo "needs cargo" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.1.0"
edition = "2021"

[dependencies]
lettre = { version = "=0.11.23", default-features = false, features = ["builder"] }
TOML
cat >"$work/src/main.rs" <<'RUST'
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::Address;

fn main() {
    let as_given = "foo..bar@docomo.ne.jp".parse::<Address>();
    let quoted = "\"foo..bar\"@docomo.ne.jp".parse::<Address>();
    println!("Address, as given: {}", as_given.is_ok());
    println!("Address, quoted: {}", quoted.is_ok());
    let address = quoted.expect("the quoted form");
    let printed = Mailbox::new(None, address.clone()).to_string();
    println!("Mailbox printed: {printed}");
    println!("Mailbox read back: {}", printed.parse::<Mailbox>().is_ok());
    let from: Mailbox = "news@example.jp".parse().expect("a plain address");
    let by_mailbox = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, address.clone()))
        .body(String::new());
    println!("message to a Mailbox: {}", by_mailbox.is_ok());
    let name = HeaderName::new_from_ascii_str("To");
    let by_envelope = Message::builder()
        .from(from.clone())
        .raw_header(HeaderValue::new(name, address.to_string()))
        .envelope(Envelope::new(Some(from.email), vec![address]).expect("an envelope"))
        .body(String::new());
    println!("message with an envelope: {}", by_envelope.is_ok());
}
RUST
seen=$(cargo run --quiet --manifest-path "$work/Cargo.toml")
echo "lettre $(cargo tree --quiet --manifest-path "$work/Cargo.toml" --package lettre --depth 0 | cut -d' ' -f2)"
echo "$seen"
diff - <(echo "$seen") <<'EXPECTED'
Address, as given: false
Address, quoted: true
Mailbox printed: "foo..bar"@docomo.ne.jp
Mailbox read back: false
message to a Mailbox: false
message with an envelope: true
EXPECTED
