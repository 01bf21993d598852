//! Embeds what `script/build-web` made (`dist/`) and the message files (`messages/`). Reads only; builds and downloads nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let here =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("assets.rs"), assets(&here.join("dist"))).expect("OUT_DIR is writable");
    fs::write(out.join("messages.rs"), messages(&here.join("messages")))
        .expect("OUT_DIR is writable");
    println!("cargo::rerun-if-changed=build.rs");
}

/// `url(name)` and `asset(file)` as match expressions over `dist/manifest.json`.
fn assets(dist: &Path) -> String {
    println!("cargo::rerun-if-changed={}", dist.join("manifest.json").display());
    let manifest = fs::read_to_string(dist.join("manifest.json")).unwrap_or_else(|_| {
        println!("cargo::error=web/dist is missing: run script/build-web first");
        std::process::exit(1);
    });
    let manifest: BTreeMap<String, String> =
        serde_json::from_str(&manifest).expect("dist/manifest.json maps names to files");
    let mut urls = String::new();
    let mut files = String::new();
    for (name, file) in &manifest {
        writeln!(urls, "        {name:?} => \"/assets/{file}\",").expect("a String takes all");
        let path = dist.join(file);
        let encoded = |extension: &str| {
            let encoded = dist.join(format!("{file}.{extension}"));
            if encoded.exists() {
                format!("Some(include_bytes!({encoded:?}))")
            } else {
                "None".to_owned()
            }
        };
        writeln!(
            files,
            "        {file:?} => Asset {{ bytes: include_bytes!({path:?}), gz: {}, br: {}, \
             content_type: {:?}, etag: \"\\\"{file}\\\"\" }},",
            encoded("gz"),
            encoded("br"),
            content_type(file),
        )
        .expect("a String takes all");
    }
    format!(
        "fn find_url(name: &str) -> Option<&'static str> {{\n    Some(match name {{\n{urls}        _ => return None,\n    }})\n}}\n\
         fn find_asset(file: &str) -> Option<Asset> {{\n    Some(match file {{\n{files}        _ => return None,\n    }})\n}}\n"
    )
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        other => panic!("dist holds a file of a kind without a content type: {other:?}"),
    }
}

/// One array of `.ftl` sources per language, sorted by file name.
fn messages(folder: &Path) -> String {
    let mut code = String::new();
    for (language, name) in [("ja", "JA"), ("ja-simple", "JA_SIMPLE"), ("en", "EN")] {
        let folder = folder.join(language);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .expect("each language has a folder of messages")
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|e| e == "ftl"))
            .collect();
        files.sort();
        writeln!(code, "pub(super) const {name}: &[(&str, &str)] = &[")
            .expect("a String takes all");
        for file in files {
            let stem = file.file_stem().and_then(|s| s.to_str()).expect("UTF-8 file names");
            writeln!(code, "    ({stem:?}, include_str!({file:?})),").expect("a String takes all");
        }
        code.push_str("];\n");
    }
    code
}
