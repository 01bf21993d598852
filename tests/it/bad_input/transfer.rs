//! tus requests that make no sense. Each status has its test in `uploads`; here are the words, and numbers past all bounds.

use super::{MARKUP, assert_discreet};
use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tests::on_both_databases;
use web::Lang;

const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const BYTES: (&str, &str) = ("content-type", "application/offset+octet-stream");

on_both_databases! {
    async fn a_refused_request_says_so_in_the_readers_language(site: TestApp) {
        let author = site.member("はなこ").await;
        let new = [TUS, ("upload-length", "1000")];
        let made = author.clone().request(Method::POST, "/uploads", &new, Body::empty()).await.expect(201);
        let upload = made.location().to_owned();
        let most = (site.app.config.video_max_bytes + 1).to_string();
        let wrong = format!("sha256 {}", BASE64.encode([7; 32]));
        type Case<'a> = (Method, &'a str, Vec<(&'a str, &'a str)>, u16, &'a str);
        let cases: [Case<'_>; 5] = [
            (Method::PATCH, &upload, vec![TUS, BYTES, ("upload-offset", "500")], 409, "error-conflict-words"),
            (Method::POST, "/uploads", vec![TUS, ("upload-length", &most)], 413, "error-too-large-words"),
            (Method::PATCH, &upload, vec![BYTES, ("upload-offset", "0")], 412, "error-request-bad-words"),
            (Method::PATCH, &upload, vec![TUS, BYTES, ("upload-offset", "0"), ("upload-checksum", &wrong)], 460, "error-request-bad-words"),
            (Method::PATCH, "/uploads/x", vec![TUS, BYTES, ("upload-offset", "0")], 404, "error-not-found-words"),
        ];
        for (method, path, headers, status, key) in cases {
            for lang in Lang::ALL {
                let mut author = author.script().in_language(lang.code());
                let answer = author.request(method.clone(), path, &headers, Body::from("bytes")).await.expect(status);
                assert_eq!(answer.json()["message"], &*lang.ta(key), "{status}");
                assert_discreet(&site, path, &answer);
            }
        }
        let head = author.clone().request(Method::HEAD, &upload, &[TUS], Body::empty()).await.expect(200);
        assert_eq!(head.header("upload-offset"), "0", "none of it counts");
    }

    async fn numbers_and_names_past_all_bounds_are_refused(site: TestApp) {
        let mut author = site.member("はなこ").await.script();
        let new = [TUS, ("upload-length", "1000")];
        let upload = author.request(Method::POST, "/uploads", &new, Body::empty()).await.expect(201).location().to_owned();
        let most = [i64::MAX.to_string(), (i64::MAX as u64 + 1).to_string(), u64::MAX.to_string(), "9".repeat(300)];
        for number in most.iter().map(String::as_str).chain(["-1", "+1", "1e3", "0x10", " ", ""]) {
            for (method, path, name) in [(Method::POST, "/uploads", "upload-length"), (Method::PATCH, &upload, "upload-offset")] {
                let headers = [TUS, BYTES, (name, number)];
                let answer = author.request(method, path, &headers, Body::from("bytes")).await;
                assert!([400, 409, 413].contains(&answer.status.as_u16()), "{name} {number}: {}", answer.status);
                assert_discreet(&site, number, &answer);
            }
        }
        let encode = |text: &str| BASE64.encode(text);
        let long = encode(&"あ".repeat(5000));
        for metadata in [
            format!("filename {long}"),
            format!("post_id {}", encode(MARKUP)),
            format!("post_id {}", encode("\0")),
        ] {
            let headers = [TUS, ("upload-length", "1000"), ("upload-metadata", metadata.as_str())];
            let answer = author.request(Method::POST, "/uploads", &headers, Body::empty()).await.expect(400);
            assert_discreet(&site, &metadata, &answer);
        }
        // What can be cleaned is taken.
        let odd = format!("filename {},filetype {},x,y {}", encode("\0../a\0.mp4"), encode("a/b\0"), encode("\0"));
        let headers = [TUS, ("upload-length", "1000"), ("upload-metadata", odd.as_str())];
        let made = author.request(Method::POST, "/uploads", &headers, Body::empty()).await.expect(201);
        let head = author.request(Method::HEAD, made.location(), &[TUS], Body::empty()).await.expect(200);
        assert_eq!(head.header("upload-metadata"), format!("filename {}", encode("a.mp4")));
    }
}
