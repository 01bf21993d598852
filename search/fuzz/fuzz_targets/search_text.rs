//! A post's text and what someone types, through the analyzer, the look-ups, the highlighter and the map back to the original.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use search::laws::Laws;

static LAWS: LazyLock<Laws> = LazyLock::new(|| {
    let cache = std::env::temp_dir().join("megurumi-test-dictionary");
    Laws::new(Path::new(search::IPADIC), &cache)
});

fuzz_target!(|bytes: &[u8]| LAWS.check_bytes(bytes));
