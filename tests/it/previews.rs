//! A film can be watched while it is still being made: by its author, and by moderators once it was handed in.

use server::posts::{self, RevisionState};
use server::videos::{self, Preview, VideoStatus};
use std::time::Duration;
use tests::{Browser, TestApp, media, on_both_databases};

/// Looks until the film has something to watch and more to come.
async fn growing(site: &TestApp, author: &Browser, post: server::time_id::PostId) -> Preview {
    let viewer = site.viewer(author).await;
    for _ in 0..6000 {
        let editing = posts::actions::open(site.db(), &viewer, post).await.unwrap();
        let video = editing.revision.video_id.unwrap();
        let video = videos::find(site.db(), video).await.unwrap().unwrap();
        assert_ne!(
            video.state,
            VideoStatus::Ready,
            "it was ready before anything could be watched"
        );
        match video.preview {
            Some(preview) if !preview.segments.is_empty() => return preview,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    panic!("nothing to watch after a minute");
}

/// The site's transcoder while it stands still: what is to be seen of a film that grows can be looked at without a race.
struct Halted(Vec<String>);

impl Halted {
    fn of(site: &TestApp) -> Self {
        let folder = site.data.path().display().to_string();
        let is_ours = |pid: &String| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            line.contains("megurumi-transcoder") && line.contains(&folder)
        };
        let processes = std::fs::read_dir("/proc").unwrap();
        let pids = processes.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let halted = Self(pids.filter(is_ours).collect());
        assert!(!halted.0.is_empty(), "the film is being made");
        halted.signal("-STOP");
        halted
    }

    fn signal(&self, signal: &str) {
        std::process::Command::new("kill").arg(signal).args(&self.0).status().unwrap();
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

on_both_databases! {
    async fn a_film_can_be_watched_before_it_is_ready(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let mut stranger = site.member("まゆ").await;
        let mut moderator = site.moderator("けん").await;
        let post = site.post(&author).titled("いちごがり").draft().await;
        site.add_film(&author, post, 40).await;
        let app = site.app.clone();
        let work = tokio::spawn(async move {
            server::jobs::run_until_idle(&app, &server::app::jobs()).await.unwrap();
        });

        growing(&site, &author, post).await;
        let halted = Halted::of(&site);
        let preview = growing(&site, &author, post).await;
        let revision = posts::open_revision(site.db(), post).await.unwrap().unwrap();
        let base = format!("/media/videos/{}/preview", revision.video_id.unwrap());
        let playlist = format!("{base}/{}", preview.playlist_file());
        let text = author.get(&playlist).await.expect(200).text();
        assert!(text.contains("#EXT-X-PLAYLIST-TYPE:EVENT") && !text.contains("#EXT-X-ENDLIST"), "{text}");
        let mut pieces = author.get(&format!("{base}/{}-init.mp4", preview.token)).await.expect(200).bytes.to_vec();
        pieces.extend(author.get(&format!("{base}/{}-0.m4s", preview.token)).await.expect(200).bytes);
        assert_eq!(media::size_of(&pieces), (360, 640), "upright");
        author.get(&format!("{base}/{}-999.m4s", preview.token)).await.expect(404);
        author.get(&format!("/posts/{post}")).await.expect(200).shows(&playlist);

        // A draft is its author's alone; once handed in, moderators may look ahead.
        stranger.get(&playlist).await.expect(404);
        moderator.get(&playlist).await.expect(404);
        moderator.get(&format!("/review/preparing/{}", revision.id)).await.expect(404);
        assert_eq!(site.submit(&author, post).await, RevisionState::Processing);
        moderator.get("/review").await.expect(200).shows("いちごがり");
        moderator.get(&format!("/review/preparing/{}", revision.id)).await.expect(200).shows(&playlist);
        moderator.get(&playlist).await.expect(200);
        stranger.get(&playlist).await.expect(404);
        stranger.get(&format!("/review/preparing/{}", revision.id)).await.expect(404);

        drop(halted);
        work.await.unwrap();
        let text = author.get(&playlist).await.expect(200).text();
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "who is watching watches to the end");
        moderator.get(&format!("/review/preparing/{}", revision.id)).await.expect(303);
        site.clock.advance(Duration::from_secs(3601));
        site.run_jobs().await;
        author.get(&playlist).await.expect(404);
        let left = format!("videos/{}/preview-{}", revision.video_id.unwrap(), preview.token);
        assert!(!site.data.path().join("media/objects").join(left).exists());
    }
}
