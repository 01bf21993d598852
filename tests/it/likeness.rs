//! Which pictures look alike: photos and films of the same thing find each other, whatever was done to the files.

use sea_query::{Expr, ExprTrait, Query};
use server::db::Read;
use server::db::tables::Fingerprints;
use server::likeness::{self, Likeness, Medium, SAME_PICTURE};
use server::media::UNUSED_FOR;
use server::time_id::{PhotoId, VideoId};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::{TestApp, media, on_both_databases};
use transcoder_protocol::Fingerprint;

/// One frame of a drawn scene, as a JPEG of that size and quality (2 to 31, the worst).
fn photo(scene: &str, size: &str, quality: u32) -> Vec<u8> {
    let filter = format!("{scene}=s=640x480:r=1,scale={size}");
    media::film("photo.jpg", &format!("-f lavfi -i {filter} -frames:v 1 -q:v {quality}"))
}

/// The same frame held for a second.
fn film(scene: &str, size: &str) -> Vec<u8> {
    let filter = format!("{scene}=s=640x480:r=10,trim=end_frame=1,loop=9:1,scale={size}");
    media::film("film.mp4", &format!("-f lavfi -i {filter} -c:v libx264 -crf 30 -pix_fmt yuv420p"))
}

/// Everything like this one, and how far it is.
async fn like(site: &TestApp, medium: Medium, within: u32) -> Vec<(Medium, u32)> {
    let found = site.app.likeness.like(site.db(), medium, within, 20).await.unwrap();
    found.into_iter().map(|one| (one.medium, one.distance)).collect()
}

async fn media_like(node: &Likeness, site: &TestApp, medium: Medium) -> BTreeSet<Medium> {
    let found = node.like(site.db(), medium, SAME_PICTURE, 20).await.unwrap();
    found.into_iter().map(|one| one.medium).collect()
}

async fn fingerprint(site: &TestApp, photo: PhotoId) -> Fingerprint {
    let stored = Query::select()
        .column(Fingerprints::Hash)
        .from(Fingerprints::Table)
        .and_where(Expr::col(Fingerprints::MediumId).eq(photo))
        .take();
    let row = site.db().row(&stored).await.unwrap().unwrap();
    Fingerprint(row.get::<i64>("hash").unwrap().cast_unsigned())
}

on_both_databases! {
    async fn a_picture_is_found_again_at_another_size_and_quality_and_in_a_film(site: TestApp) {
        let author = site.member("はなこ").await;
        let other = site.member("まゆ").await;
        let post = site.post(&author).draft().await;
        let theirs = site.post(&other).draft().await;
        let scenes = ["testsrc2", "smptebars", "mandelbrot"];
        let (mut originals, mut copies) = (Vec::new(), Vec::new());
        for scene in scenes {
            originals.push(site.send_photo(&author, post, photo(scene, "640:480", 2)).await);
            copies.push(site.send_photo(&other, theirs, photo(scene, "310:232", 24)).await);
        }
        let plain = site.send_photo(&author, post, photo("color", "640:480", 2)).await;
        let still = site.send_film(&author, post, film("mandelbrot", "320:240")).await;
        let cut = site.send_film(&other, theirs, media::film_of_scenes()).await;
        site.run_jobs().await;

        for (scene, (original, copy)) in scenes.iter().zip(originals.iter().zip(&copies)) {
            let found = like(&site, Medium::Photo(*original), SAME_PICTURE).await;
            let mut expected = BTreeSet::from([Medium::Photo(*copy), Medium::Video(cut)]);
            if *scene == "mandelbrot" {
                expected.insert(Medium::Video(still));
            }
            let media: BTreeSet<Medium> = found.iter().map(|(medium, _)| *medium).collect();
            assert_eq!(media, expected, "{scene}: {found:?}");
            assert!(found.is_sorted_by_key(|(_, distance)| *distance), "{found:?}");
            for (medium, distance) in like(&site, Medium::Photo(*original), 64).await {
                let is_same = expected.contains(&medium);
                assert!(is_same || distance > 16, "{scene}: {medium:?} is {distance} bits away");
            }
        }
        assert_eq!(like(&site, Medium::Photo(plain), 64).await, [], "one colour is like everything and nothing");

        // A film says when.
        let asked = fingerprint(&site, originals[2]).await;
        let found = site.app.likeness.nearest(site.db(), asked, SAME_PICTURE, 20).await.unwrap();
        assert_eq!((found[0].medium, found[0].distance), (Medium::Photo(originals[2]), 0));
        let scene = found.iter().find(|one| one.medium == Medium::Video(cut)).unwrap();
        assert_eq!(scene.at_ms / 2000, 2, "the third scene: {scene:?}");
        let films = site.app.likeness.like(site.db(), Medium::Video(cut), SAME_PICTURE, 20).await.unwrap();
        let scene = films.iter().find(|one| one.medium == Medium::Photo(copies[1])).unwrap();
        assert_eq!((scene.at_ms, scene.asked_at_ms / 2000), (0, 1), "the second: {scene:?}");
        assert_eq!(site.app.likeness.nearest(site.db(), asked, SAME_PICTURE, 1).await.unwrap(), found[..1]);
    }

    async fn what_is_gone_or_made_anew_is_known_to_every_node_at_once(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).draft().await;
        let kept = site.send_photo(&author, post, photo("mandelbrot", "640:480", 2)).await;
        let removed = site.send_photo(&author, post, photo("mandelbrot", "320:240", 9)).await;
        let still: VideoId = site.send_film(&author, post, film("mandelbrot", "320:240")).await;
        let other_node = Likeness::default();
        assert_eq!(other_node.count(site.db()).await.unwrap(), 0);
        site.run_jobs().await;
        let (photo, film) = (Medium::Photo(removed), Medium::Video(still));
        for node in [&site.app.likeness, &other_node] {
            assert_eq!(media_like(node, &site, Medium::Photo(kept)).await, [photo, film].into());
        }
        let all = other_node.count(site.db()).await.unwrap();

        site.make_film_anew(still).await;
        assert_eq!(other_node.count(site.db()).await.unwrap(), all, "in place of the generation before");

        let mut browser = author.clone();
        let page = browser.get(&format!("/posts/{post}/edit")).await.expect(200).text();
        let version = tests::browser::field(&page, "version");
        let remove = format!("photo-remove-{removed}");
        let both = format!("{kept},{removed}");
        let form = [("title", "一"), ("photos_order", both.as_str()), ("version", &version), ("action", &remove)];
        browser.post(&format!("/posts/{post}/edit"), &form).await.expect(303);
        site.clock.advance(UNUSED_FOR + Duration::from_secs(60));
        site.run_jobs().await;
        let restarted = Likeness::default();
        for node in [&site.app.likeness, &other_node, &restarted] {
            assert_eq!(media_like(node, &site, Medium::Photo(kept)).await, [film].into());
            assert_eq!(node.count(site.db()).await.unwrap(), all - 1);
        }
    }

    // Else a node could read past a number whose row is committed later, and never see it.
    async fn fingerprints_become_visible_in_the_order_of_their_numbers(site: TestApp) {
        let of = |hash| [(0, Fingerprint(hash))];
        let [one, two] = [(); 2].map(|()| Medium::Photo(PhotoId::new(&site.clock)));
        let mut first = site.db().begin().await.unwrap();
        likeness::record(&mut first, one, &of(1)).await.unwrap();
        let db = site.db().clone();
        let mut second = tokio::spawn(async move {
            let mut tx = db.begin().await.unwrap();
            likeness::record(&mut tx, two, &of(u64::MAX)).await.unwrap();
            tx.commit().await.unwrap();
        });
        let waits = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
        assert!(waits.is_err(), "it went ahead of the first");
        assert_eq!(site.app.likeness.count(site.db()).await.unwrap(), 0);
        first.commit().await.unwrap();
        second.await.unwrap();
        let found = site.app.likeness.nearest(site.db(), Fingerprint(u64::MAX), 64, 9).await.unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.medium, found.distance)).collect();
        assert_eq!(found, [(two, 0), (one, 63)]);
    }
}
