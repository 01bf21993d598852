//! Which language a page is written in: the reader's choice (a cookie), their account's, the browser's, Japanese.

use super::form::Fields;
use crate::access::Viewer;
use crate::access::viewer::cookie;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use web::Lang;

const COOKIE: &str = "lang";

pub fn of(headers: &HeaderMap, viewer: &Viewer) -> Lang {
    let chosen = cookie(headers, COOKIE).and_then(Lang::from_code);
    let account = || viewer.account().and_then(|account| Lang::from_code(&account.language));
    chosen.or_else(account).unwrap_or_else(|| accepted(headers))
}

/// The first of our languages that the browser lists; English for a browser that lists others only.
fn accepted(headers: &HeaderMap) -> Lang {
    let Some(listed) = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())
    else {
        return Lang::Ja;
    };
    let ours = listed.split(',').find_map(|part| {
        let tag = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match tag.split('-').next() {
            Some("ja") => Some(Lang::Ja),
            Some("en") => Some(Lang::En),
            _ => None,
        }
    });
    match ours {
        Some(lang) => lang,
        None if listed.trim().is_empty() || listed.trim() == "*" => Lang::Ja,
        None => Lang::En,
    }
}

/// POST /language {lang, next}
pub async fn choose(fields: Fields) -> Response {
    let lang = Lang::from_code(fields.get("lang")).unwrap_or_default();
    let mut response = Redirect::to(local_path(fields.get("next"))).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie_for(lang)) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The `Set-Cookie` value that makes `lang` this browser's choice.
pub fn cookie_for(lang: Lang) -> String {
    format!("{COOKIE}={}; Path=/; SameSite=Lax; Max-Age=31536000", lang.code())
}

/// A path of this site, or `/`: a redirect never leaves.
pub fn local_path(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        // Browsers drop some control characters, so that `/\t/` becomes `//`; in a header field the others are an error.
        && !next.contains(|c: char| c == '\\' || c.is_control())
        && next.len() <= 2000;
    if is_local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(header: &str) -> Lang {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(header).unwrap());
        of(&headers, &Viewer::Anonymous)
    }

    #[test]
    fn the_browsers_first_language_of_ours_wins() {
        assert_eq!(lang("ja,en;q=0.8"), Lang::Ja);
        assert_eq!(lang("en-GB,ja;q=0.5"), Lang::En);
        assert_eq!(lang("pt-BR,pt;q=0.9"), Lang::En);
        assert_eq!(lang("*"), Lang::Ja);
    }

    #[test]
    fn a_redirect_never_leaves_the_site() {
        assert_eq!(local_path("/posts/1?x=2"), "/posts/1?x=2");
        for elsewhere in [
            "https://e.jp",
            "//e.jp",
            "/\\e.jp",
            "javascript:x",
            "",
            "/\t/e.jp",
            "/\0",
            "/\u{1b}",
            "/\u{7f}",
        ] {
            assert_eq!(local_path(elsewhere), "/");
        }
    }
}
