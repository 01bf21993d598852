//! What browsers may read of a bucket, against a real store: the site tells its operator what is missing, and can set it.

use server::media::{Key, S3Config, Store, browsers};
use std::process::Output;
use std::time::Duration;
use tests::garage::Garage;

const SITE: &str = "https://megurumi.example.jp";

/// The header fields of an answer, in lower case.
async fn curl(arguments: &[&str]) -> String {
    let mut run = tokio::process::Command::new("curl");
    let output = run
        .args(["-s", "-o", "/dev/null", "-D", "-"])
        .args(arguments)
        .output()
        .await
        .expect("curl");
    String::from_utf8_lossy(&output.stdout).to_lowercase()
}

/// What a browser on a page of `site` would be answered: asked for leave, and for a range.
async fn as_a_browser(store: &Store, site: &str) -> [String; 2] {
    let key = Key::parse(&format!("videos/{}/1/240p.mp4", uuid::Uuid::new_v4())).unwrap();
    store.put_bytes(&key, vec![5; 5000].into(), "video/mp4").await.unwrap();
    let url = store.signed_url(&key, Duration::from_secs(60)).await.unwrap().unwrap();
    let origin = format!("Origin: {site}");
    let leave =
        ["-H", "Access-Control-Request-Method: GET", "-H", "Access-Control-Request-Headers: range"];
    let preflight = [&["-X", "OPTIONS", "-H", &origin][..], &leave, &[&url]].concat();
    let range = ["-H", &origin, "-H", "Range: bytes=100-199", &url];
    [curl(&preflight).await, curl(&range).await]
}

/// A refusal may have the field too.
fn allows(answer: &str, site: &str) -> bool {
    answer.starts_with("http/1.1 20")
        && answer.lines().any(|line| {
            line.strip_prefix("access-control-allow-origin: ")
                .is_some_and(|to| to == "*" || to == site)
        })
}

async fn megurumi(config: &S3Config, arguments: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    tokio::process::Command::new(tests::app::binary("megurumi"))
        .args(arguments)
        .env("MEGURUMI_DATA", data.path())
        .env("MEGURUMI_BASE_URL", SITE)
        .env("MEGURUMI_S3_ENDPOINT", config.endpoint.as_deref().unwrap_or_default())
        .env("MEGURUMI_S3_REGION", &config.region)
        .env("MEGURUMI_S3_BUCKET", &config.bucket)
        .env("MEGURUMI_S3_ACCESS_KEY_ID", &config.access_key_id)
        .env("MEGURUMI_S3_SECRET_ACCESS_KEY", &config.secret_access_key)
        .output()
        .await
        .expect("megurumi runs")
}

#[tokio::test]
async fn a_bucket_that_browsers_may_not_read_is_told_of_and_then_set() {
    let garage = Garage::shared().await;
    let config = garage.bucket("closed");
    let store = Store::s3(&config);
    let [_, range] = as_a_browser(&store, SITE).await;
    assert!(range.starts_with("http/1.1 206") && !allows(&range, SITE), "{range}");

    let checked = megurumi(&config, &["check-config"]).await;
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(!checked.status.success(), "{said}");
    for part in [
        "CORS",
        SITE,
        "megurumi media allow-browsers",
        "Access-Control-Allow-Origin",
        "AllowedOrigins",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }

    for told in ["may read the bucket now", "may read the bucket already"] {
        let set = megurumi(&config, &["media", "allow-browsers"]).await;
        let said = String::from_utf8_lossy(&set.stdout).into_owned();
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        assert!(said.contains(told), "{said}");
    }
    let checked = megurumi(&config, &["check-config"]).await;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for answer in as_a_browser(&store, SITE).await {
        assert!(allows(&answer, SITE), "{answer}");
    }
    for answer in as_a_browser(&store, "https://elsewhere.example.jp").await {
        assert!(!allows(&answer, "https://elsewhere.example.jp"), "{answer}");
    }
}

#[tokio::test]
async fn a_buckets_other_rules_stay_and_a_site_that_moves_takes_its_own_along() {
    let garage = Garage::shared().await;
    let store = Store::s3(&garage.bucket("shared-with-others"));
    let Store::S3(s3) = &store else { unreachable!() };
    let others = aws_sdk_s3::types::CorsRule::builder()
        .id("theirs")
        .allowed_origins("https://friends.example.jp")
        .allowed_methods("GET")
        .allowed_methods("PUT")
        .allowed_headers("*")
        .build()
        .unwrap();
    s3.set_cors_rules(vec![others]).await.unwrap();
    assert!(browsers::check(&store, SITE).await.unwrap().is_some());
    for (site, changes) in [("https://old.example.jp", true), (SITE, true), (SITE, false)] {
        assert_eq!(browsers::allow(&store, site).await.unwrap(), changes, "{site}");
        assert_eq!(browsers::check(&store, site).await.unwrap(), None, "{site}");
    }
    let rules = s3.cors_rules().await.unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule.id().unwrap_or_default()).collect();
    assert_eq!(ids, ["megurumi", "theirs"]);
    let [_, range] = as_a_browser(&store, "https://friends.example.jp").await;
    assert!(allows(&range, "https://friends.example.jp"), "{range}");
    assert!(browsers::check(&store, "https://old.example.jp").await.unwrap().is_some());
}

#[tokio::test]
async fn a_media_folder_needs_no_leave() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path().join("media")).await.unwrap();
    assert_eq!(browsers::check(&store, SITE).await.unwrap(), None);
    let refused = browsers::allow(&store, SITE).await.unwrap_err();
    assert!(refused.to_string().contains("the site itself serves it"), "{refused:#}");
}

#[tokio::test]
async fn a_bucket_that_cant_be_reached_where_browsers_are_sent_is_named() {
    let garage = Garage::shared().await;
    let nowhere = Some("http://127.0.0.1:1".to_owned());
    let store = Store::s3(&S3Config { public_endpoint: nowhere, ..garage.config().clone() });
    let error = format!("{:#}", browsers::check(&store, SITE).await.unwrap_err());
    assert!(error.contains("http://127.0.0.1:1, where browsers are sent to"), "{error}");
}
