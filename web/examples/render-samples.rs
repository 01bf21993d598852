//! Writes every page × language from sample data, to be opened without a server: `cargo run -p web --example render-samples -- DIR`.

use std::path::PathBuf;
use std::{env, fs};

use web::Lang;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/samples".to_owned()));
    fs::create_dir_all(folder.join("assets"))?;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/dist"))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join("assets").join(entry.file_name()))?;
    }
    for lang in Lang::ALL {
        for (name, html) in web::samples::all(lang) {
            let html = html.replace("\"/assets/", "\"assets/");
            fs::write(folder.join(format!("{name}.{}.html", lang.code())), html)?;
        }
    }
    Ok(())
}
