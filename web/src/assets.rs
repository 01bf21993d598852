//! The style sheet, scripts and icons that `script/build-web` made, embedded in the binary.
//!
//! A file's name carries the hash of its content, so that it can be cached for ever
//! (`cache-control: public, max-age=31536000, immutable`).

/// One embedded file.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub bytes: &'static [u8],
    /// The same bytes compressed with gzip, for files worth it.
    pub gz: Option<&'static [u8]>,
    /// The same bytes compressed with brotli, for files worth it.
    pub br: Option<&'static [u8]>,
    pub content_type: &'static str,
    /// Strong validator, quotes included.
    pub etag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file served at `/assets/{path}`, where `path` is the hashed name that [`url`] gives.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    find_asset(path)
}

/// The address of the asset that the sources call `name` (`app.css`, `compose.js`, `favicon.svg`).
///
/// # Panics
/// When there is no such asset: a name in a template is wrong, which the render tests find.
#[must_use]
pub fn url(name: &str) -> &'static str {
    find_url(name).unwrap_or_else(|| panic!("no asset is called {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_its_file() {
        let file = url("app.css").strip_prefix("/assets/").unwrap();
        let asset = asset(file).unwrap();
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert!(asset.gz.unwrap().len() < asset.bytes.len());
        assert!(asset.br.unwrap().len() < asset.bytes.len());
    }

    #[test]
    fn an_unknown_file_is_none() {
        assert!(asset("app.css").is_none());
        assert!(asset("../Cargo.toml").is_none());
    }
}
