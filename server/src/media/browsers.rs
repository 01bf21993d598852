//! What browsers may read of the bucket from the site's pages (CORS).
//!
//! With S3 the playlists lead players straight to signed addresses of the bucket, which is another origin than the site's. A browser
//! hands a player's script what comes from there only if the bucket says that this site may have it, and where a range is asked for some ask
//! leave first (a *preflight*). A bucket that has not been told so plays nothing wherever hls.js plays, and no server ever notices. So
//! [`check`] asks as a browser would, and [`allow`] tells the bucket.
//!
//! Not here: a media folder, whose bytes come from the site itself.

use super::keys::Key;
use super::store::Store;
use anyhow::Context;
use aws_sdk_s3::types::CorsRule;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::fmt;
use std::time::Duration;

/// The one rule of ours among the bucket's own.
const RULE: &str = "megurumi";
const METHODS: [&str; 2] = ["GET", "HEAD"];
/// As browsers write it when they ask for leave: not every store compares names regardless of case.
const ASKED_WITH: &str = "range";
/// What a player may want to read beside the bytes.
const EXPOSED: [&str; 4] = ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"];
/// How long a browser may remember the leave it was given.
const REMEMBERED: Duration = Duration::from_secs(3600);

const PROBE: &[u8] = b"may a browser read this?";
const TIMEOUT: Duration = Duration::from_secs(10);

/// Scheme, host and port of an address, as browsers write an origin: without the port that the scheme has anyway.
pub fn origin(address: &str) -> anyhow::Result<String> {
    let address: Uri = address.parse().with_context(|| format!("{address:?} is no address"))?;
    let (scheme, host) = (address.scheme_str().unwrap_or_default(), address.host());
    let host = host.context("an address without a host has no origin")?.to_ascii_lowercase();
    let port = match (scheme, address.port_u16()) {
        ("http", Some(80)) | ("https", Some(443)) | (_, None) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    Ok(format!("{scheme}://{host}{port}"))
}

/// What a bucket withholds from browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The site's.
    origin: String,
    /// The bucket's, as browsers know it.
    bucket: String,
    /// In a few words each.
    lacks: Vec<String>,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, bucket, lacks } = self;
        writeln!(
            f,
            "the bucket at {bucket} does not let pages of {origin} read it (CORS), so browsers play no film from it:"
        )?;
        for lack in lacks {
            writeln!(f, "  - {lack}")?;
        }
        writeln!(
            f,
            "`megurumi media allow-browsers` sets this rule and leaves the bucket's others:"
        )?;
        write!(f, "{}", rule_as_json(origin))
    }
}

/// As `aws s3api put-bucket-cors` and most stores' own consoles take it.
fn rule_as_json(origin: &str) -> String {
    let rule = serde_json::json!({ "CORSRules": [{
        "ID": RULE,
        "AllowedOrigins": [origin],
        "AllowedMethods": METHODS,
        "AllowedHeaders": [ASKED_WITH],
        "ExposeHeaders": EXPOSED,
        "MaxAgeSeconds": REMEMBERED.as_secs(),
    }] });
    format!("{rule:#}")
}

/// Asks for a small object as a player on a page of `base_url` would. `None` when it gets it, and where media is in a folder.
///
/// # Errors
/// When the bucket can't be written, or can't be reached at the address that browsers are given.
pub async fn check(media: &Store, base_url: &str) -> anyhow::Result<Option<Withheld>> {
    let Store::S3(_) = media else { return Ok(None) };
    let key = Key::probe();
    media
        .put_bytes(&key, Bytes::from_static(PROBE), key.content_type())
        .await
        .context("cannot put a small object into the bucket")?;
    let withheld = ask(media, &key, base_url).await;
    media.delete(&key).await.context("cannot delete from the bucket")?;
    withheld
}

async fn ask(media: &Store, key: &Key, base_url: &str) -> anyhow::Result<Option<Withheld>> {
    let Some(url) = media.signed_url(key, Duration::from_secs(300)).await? else { return Ok(None) };
    let (site, bucket) = (origin(base_url)?, origin(&url)?);
    let mut lacks = Vec::new();

    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri(&url)
        .header(header::ORIGIN, &site)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "range")
        .body(Body::empty())?;
    let answer = send(preflight, &bucket).await?;
    let asked = "when asked for leave to read a range (OPTIONS)";
    if !answer.status().is_success() {
        lacks.push(format!("{asked}, it answers {}", answer.status()));
    } else if let Some(lack) = lack_of_origin(answer.headers(), &site) {
        lacks.push(format!("{asked}, {lack}"));
    } else if !lists(answer.headers(), &header::ACCESS_CONTROL_ALLOW_HEADERS, "range") {
        lacks.push(format!("{asked}, its Access-Control-Allow-Headers is without Range"));
    }

    let last = PROBE.len() - 1;
    let piece = Request::builder()
        .method(Method::GET)
        .uri(&url)
        .header(header::ORIGIN, &site)
        .header(header::RANGE, format!("bytes=1-{last}"))
        .body(Body::empty())?;
    let answer = send(piece, &bucket).await?;
    let asked = "when a range is read (GET)";
    if answer.status() != StatusCode::PARTIAL_CONTENT {
        lacks.push(format!("{asked}, it answers {} and not 206", answer.status()));
    } else if let Some(lack) = lack_of_origin(answer.headers(), &site) {
        lacks.push(format!("{asked}, {lack}"));
    }
    Ok((!lacks.is_empty()).then_some(Withheld { origin: site, bucket, lacks }))
}

fn lack_of_origin(answer: &HeaderMap, site: &str) -> Option<String> {
    match answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str()) {
        Some(Ok(allowed)) if allowed == "*" || allowed == site => None,
        Some(other) => {
            let other = other.unwrap_or("?");
            Some(format!("its Access-Control-Allow-Origin is {other} and not {site}"))
        }
        None => Some(format!("it sends no Access-Control-Allow-Origin: {site}")),
    }
}

/// Whether a list of names has this one, or all.
fn lists(answer: &HeaderMap, field: &header::HeaderName, name: &str) -> bool {
    let lines = answer.get_all(field).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|listed| listed == "*" || listed.eq_ignore_ascii_case(name))
}

async fn send(
    request: Request<Body>,
    bucket: &str,
) -> anyhow::Result<Response<hyper::body::Incoming>> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .context("there are no root certificates on this machine")?
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let cannot = || format!("cannot reach the bucket at {bucket}, where browsers are sent to");
    let answer = tokio::time::timeout(TIMEOUT, client.request(request)).await;
    answer.with_context(cannot)?.with_context(cannot)
}

/// Has the bucket let pages of `base_url` read it; its other rules stay. Returns whether anything had to be changed.
///
/// # Errors
/// When media is in a folder; when the keys may not change the bucket's rules.
pub async fn allow(media: &Store, base_url: &str) -> anyhow::Result<bool> {
    let Store::S3(s3) = media else {
        anyhow::bail!("media is kept in a folder, and the site itself serves it: nothing to set");
    };
    let origin = origin(base_url)?;
    let before = s3.cors_rules().await.context("cannot read the bucket's CORS rules")?;
    let ours = CorsRule::builder()
        .id(RULE)
        .allowed_origins(&origin)
        .set_allowed_methods(Some(METHODS.map(str::to_owned).into()))
        .allowed_headers(ASKED_WITH)
        .set_expose_headers(Some(EXPOSED.map(str::to_owned).into()))
        .max_age_seconds(i32::try_from(REMEMBERED.as_secs()).unwrap_or(i32::MAX))
        .build()?;
    if before.contains(&ours) {
        return Ok(false);
    }
    let others = before.into_iter().filter(|rule| rule.id() != Some(RULE));
    // The first rule that fits is the one that counts.
    let rules = std::iter::once(ours).chain(others).collect();
    s3.set_cors_rules(rules).await.with_context(|| {
        let rule = rule_as_json(&origin);
        format!("cannot set the bucket's CORS rules; its owner can set this one:\n{rule}")
    })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        for (address, expected) in [
            ("https://Megurumi.example.jp", "https://megurumi.example.jp"),
            ("https://megurumi.example.jp:443/", "https://megurumi.example.jp"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://localhost:80/a/b?c=d", "http://localhost"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(origin(address).unwrap(), expected);
        }
        assert!(origin("/here").is_err());
    }

    #[test]
    fn a_list_may_name_all_and_spells_as_it_likes() {
        let field = header::ACCESS_CONTROL_ALLOW_HEADERS;
        for (value, has) in [("Range", true), ("x, RANGE", true), ("*", true), ("x-range", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(&field, value.parse().unwrap());
            assert_eq!(lists(&headers, &field, "range"), has, "{value}");
        }
        assert!(!lists(&HeaderMap::new(), &field, "range"));
    }

    #[test]
    fn what_is_withheld_is_told_with_what_to_set() {
        let withheld = Withheld {
            origin: "https://megurumi.example.jp".into(),
            bucket: "https://s3.example.jp".into(),
            lacks: vec!["when a range is read (GET), it sends nothing".into()],
        };
        let told = withheld.to_string();
        for part in [
            "megurumi media allow-browsers",
            "\"https://megurumi.example.jp\"",
            "Content-Range",
            "\"GET\"",
            "  - when a range",
        ] {
            assert!(told.contains(part), "{part} missing in {told}");
        }
    }
}
