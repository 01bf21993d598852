//! Answers a request for an object over HTTP: whole or a range of it, with validators.
//!
//! Does not ask who is asking. The caller has found out that this viewer may see the object, and
//! says with `cache_control` who else may be given the same bytes.

use std::ops::Range;

use axum::body::Body;
use axum::response::Response;
use axum_extra::headers::{ETag, HeaderMapExt, IfNoneMatch, IfRange};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::keys::Key;
use super::store::{Result, Store};

/// Gives the response to a GET or HEAD of the object: 200, 206 for one satisfiable range, 304 when
/// the reader has these bytes, 416 for a range that lies outside. Several ranges at once get the
/// whole object, as [RFC 9110 §14.2](https://www.rfc-editor.org/rfc/rfc9110#section-14.2) allows.
///
/// # Errors
/// [`super::MediaError::NotFound`] and the store's own; the caller renders its page for them.
pub async fn serve(
    store: &Store,
    key: &Key,
    method: &Method,
    headers: &HeaderMap,
    cache_control: HeaderValue,
) -> Result<Response> {
    let object = store.open(key).await?;
    let mut response = Response::new(Body::empty());
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, cache_control);
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let etag = object.etag.parse::<ETag>().ok();
    if let Some(etag) = &etag {
        fields.typed_insert(etag.clone());
    }

    if let (Some(etag), Some(wanted)) = (&etag, headers.typed_get::<IfNoneMatch>())
        && !wanted.precondition_passes(etag)
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }

    let current = headers
        .typed_get::<IfRange>()
        .is_none_or(|condition| !condition.is_modified(etag.as_ref(), None));
    let asked = match headers.get(header::RANGE).and_then(|range| range.to_str().ok()) {
        // Ranges are defined for GET alone.
        Some(range) if current && method == Method::GET => parse_range(range, object.length),
        _ => Asked::Whole,
    };
    let range = match asked {
        Asked::Whole => 0..object.length,
        Asked::Range(range) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let content = format!("bytes {}-{}/{}", range.start, range.end - 1, object.length);
            response.headers_mut().insert(header::CONTENT_RANGE, visible(&content));
            range
        }
        Asked::Outside => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            let content = format!("bytes */{}", object.length);
            response.headers_mut().insert(header::CONTENT_RANGE, visible(&content));
            return Ok(response);
        }
    };

    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(key.content_type()));
    fields.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if method != Method::HEAD {
        *response.body_mut() = Body::from_stream(object.read(range).await?.stream);
    }
    Ok(response)
}

/// Digits, letters and punctuation only.
fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| unreachable!("{text:?} is visible ASCII"))
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// No range, several, or one that makes no sense: it is as if none was asked for.
    Whole,
    Range(Range<u64>),
    Outside,
}

fn parse_range(field: &str, length: u64) -> Asked {
    let Some((first, last)) =
        field.strip_prefix("bytes=").and_then(|set| set.trim().split_once('-'))
    else {
        return Asked::Whole;
    };
    let range = match (position(first), position(last)) {
        (Some(Some(first)), Some(Some(last))) if first <= last => {
            first..last.saturating_add(1).min(length)
        }
        (Some(Some(first)), Some(None)) => first..length,
        (Some(None), Some(Some(suffix))) => length.saturating_sub(suffix)..length,
        _ => return Asked::Whole,
    };
    if range.is_empty() { Asked::Outside } else { Asked::Range(range) }
}

/// `Some(None)` when left out, `None` when not a number.
fn position(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number too large to hold lies behind every end.
    Some(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_length() {
        assert_eq!(parse_range("bytes=0-0", 10), Asked::Range(0..1));
        assert_eq!(parse_range("bytes=2-5", 10), Asked::Range(2..6));
        assert_eq!(parse_range("bytes=2-", 10), Asked::Range(2..10));
        assert_eq!(parse_range("bytes=2-99", 10), Asked::Range(2..10));
        assert_eq!(parse_range("bytes=-3", 10), Asked::Range(7..10));
        assert_eq!(parse_range("bytes=-99", 10), Asked::Range(0..10));
        assert_eq!(parse_range("bytes=9-99999999999999999999999", 10), Asked::Range(9..10));
    }

    #[test]
    fn a_range_without_a_byte_of_the_object_is_outside() {
        for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(parse_range(range, 10), Asked::Outside, "{range}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Asked::Outside);
    }

    #[test]
    fn what_is_not_one_range_asks_for_the_whole() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=+1-2",
        ] {
            assert_eq!(parse_range(range, 10), Asked::Whole, "{range}");
        }
    }
}
