//! What is seen first of a post with a film: the best of its moments, or what its author chose.

use axum::http::Method;
use sea_query::Query;
use server::db::tables::Videos;
use server::time_id::{PostId, VideoId};
use server::videos::{self, VideoStatus};
use tests::browser::{field, link};
use tests::{Browser, TestApp, media, on_both_databases};

/// What the posting page offers, and which of it is chosen.
async fn offered(author: &mut Browser, post: PostId) -> (Vec<String>, Option<usize>) {
    let page = author.get(&format!("/posts/{post}/edit")).await.expect(200).text();
    let radios: Vec<&str> = page.split("name=\"cover\" value=\"").skip(1).collect();
    let chosen: Vec<usize> = radios
        .iter()
        .enumerate()
        .filter(|(_, radio)| radio.split('>').next().unwrap().contains(" checked"))
        .map(|(place, _)| place)
        .collect();
    assert!(chosen.len() == usize::from(!radios.is_empty()), "exactly one: {chosen:?}");
    let values = radios.iter().map(|radio| radio.split('"').next().unwrap().to_owned());
    (values.collect(), chosen.first().copied())
}

/// The fields of a post's form as they stand on its page, with another choice.
async fn fields(author: &mut Browser, post: PostId, cover: &str) -> Vec<(&'static str, String)> {
    let page = author.get(&format!("/posts/{post}/edit")).await.expect(200).text();
    vec![
        ("title", field(&page, "title")),
        ("body", "かぼちゃの甘みで、豆腐が苦手な子も完食でした。".into()),
        ("region", "uji".into()),
        ("photos_order", field(&page, "photos_order")),
        ("version", field(&page, "version")),
        ("cover", cover.into()),
    ]
}

async fn send(author: &mut Browser, post: PostId, fields: &[(&str, String)], action: &str) {
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.push(("action", action));
    author.post(&format!("/posts/{post}/edit"), &fields).await.expect(303);
}

/// Saves the form with that choice, by its button.
async fn choose(author: &mut Browser, post: PostId, cover: &str) {
    let fields = fields(author, post, cover).await;
    send(author, post, &fields, "save").await;
}

/// Where the film of a generation that has this poster keeps it.
fn poster(film: VideoId, generation: i64, number: usize) -> String {
    format!("/media/videos/{film}/{generation}/poster-{number}.jpg")
}

/// The post's card on the first page.
async fn card(visitor: &mut Browser, post: PostId) -> String {
    let home = visitor.get("/").await.expect(200).text();
    let cards = home.split("<article").map(|card| card.split("</article>").next().unwrap());
    cards.into_iter().find(|card| card.contains(&format!("/posts/{post}\""))).unwrap().to_owned()
}

/// A draft with a film of three scenes and a photo, all ready.
async fn ready_draft(site: &TestApp, author: &Browser) -> (PostId, VideoId) {
    let post = site.post(author).draft().await;
    site.add_photo(author, post).await;
    let film = site.send_film(author, post, media::film_of_scenes()).await;
    site.run_jobs().await;
    (post, film)
}

/// Makes the film's next generation.
async fn make_anew(site: &TestApp, film: VideoId) {
    site.make_film_anew(film).await;
    let made = videos::find(site.db(), film).await.unwrap().unwrap();
    assert_eq!((made.state, made.generation), (VideoStatus::Ready, 2));
}

on_both_databases! {
    async fn what_an_author_chose_is_what_everyone_sees_first_once_it_was_approved(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, film) = ready_draft(&site, &author).await;
        let (values, chosen) = offered(&mut author, post).await;
        assert_eq!((values.len(), chosen), (4, Some(0)), "{values:?}");
        assert!(values[..3].iter().all(|value| value.starts_with(&format!("film:{film}:"))));
        assert!(values[3].starts_with("photo:"));

        choose(&mut author, post, &values[1]).await;
        assert_eq!(offered(&mut author, post).await, (values.clone(), Some(1)));
        let status = author.script().get(&format!("/posts/{post}/status")).await.expect(200).json();
        assert_eq!(status["covers"][1]["value"], values[1]);
        assert_eq!((&status["covers"][0]["chosen"], &status["covers"][1]["chosen"]), (&false.into(), &true.into()));
        let second = poster(film, 1, 2);
        author.get(&format!("/posts/{post}")).await.expect(200).shows(&format!(" poster=\"{second}\""));
        let mut visitor = site.visitor();
        visitor.get(&second).await.expect(404);

        site.submit(&author, post).await;
        let mut moderator = site.moderator("ゆき").await;
        let queue = moderator.get("/review").await.expect(200).shows(&second).text();
        moderator.get(&link(&queue, "/review/0")).await.expect(200).shows(&format!(" poster=\"{second}\""));
        visitor.get(&second).await.expect(404);
        site.approve(post).await;
        assert!(card(&mut visitor, post).await.contains(&second));
        let page = visitor.get(&format!("/posts/{post}")).await.expect(200).text();
        assert!(page.contains(&format!(" poster=\"{second}\"")), "{page}");
        assert!(page.contains(&format!("property=\"og:image\" content=\"http://localhost:3000{second}\"")), "{page}");
        assert!(page.contains(&format!("\"thumbnailUrl\":\"http://localhost:3000{second}\"")), "{page}");
        visitor.get(&second).await.expect(200);

        // Another choice is another revision: what is published stays until it is approved.
        let put: Vec<_> = fields(&mut author, post, &values[3]).await;
        let put: Vec<(&str, &str)> = put.iter().map(|(name, value)| (*name, value.as_str())).collect();
        author.script().form(Method::PUT, &format!("/posts/{post}/draft"), &put).await.expect(200);
        assert_eq!(offered(&mut author, post).await.1, Some(3));
        assert!(card(&mut visitor, post).await.contains(&second));
        visitor.get(&format!("/posts/{post}")).await.expect(200).shows(&format!(" poster=\"{second}\""));
        site.submit(&author, post).await;
        site.approve(post).await;
        let photo = format!("/media/photos/{}/1/", values[3].strip_prefix("photo:").unwrap());
        let now = card(&mut visitor, post).await;
        assert!(now.contains(&photo) && !now.contains("poster-"), "{now}");
        assert!(now.contains("class=\"length\""), "it still says that there is a film");
        let page = visitor.get(&format!("/posts/{post}")).await.expect(200).text();
        assert!(page.contains(&format!(" poster=\"{photo}")), "{page}");
        assert!(page.contains(&format!("property=\"og:image\" content=\"http://localhost:3000{photo}")), "{page}");
    }

    async fn a_choice_stays_when_a_form_does_not_ask_and_when_another_window_was_faster(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, _) = ready_draft(&site, &author).await;
        let (values, _) = offered(&mut author, post).await;
        choose(&mut author, post, &values[2]).await;
        let mut silent = fields(&mut author, post, "").await;
        let stale = silent.clone();
        silent.pop();
        send(&mut author, post, &silent, "save").await;
        assert_eq!(offered(&mut author, post).await.1, Some(2));

        // The older window: nothing of it is taken, and its page shows again what was picked there.
        let mut stale: Vec<(&str, &str)> = stale.iter().map(|(name, value)| (*name, value.as_str())).collect();
        stale.pop();
        stale.push(("cover", &values[3]));
        author.script().form(Method::PUT, &format!("/posts/{post}/draft"), &stale).await.expect(409);
        stale.push(("action", "save"));
        author
            .post(&format!("/posts/{post}/edit"), &stale)
            .await
            .expect(409)
            .shows(&format!("name=\"cover\" value=\"{}\" checked", values[3]));
        assert_eq!(offered(&mut author, post).await.1, Some(2));
    }

    async fn what_is_not_on_the_post_is_not_chosen(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let mut other = site.member("まゆ").await;
        let (post, film) = ready_draft(&site, &author).await;
        let (theirs, their_film) = ready_draft(&site, &other).await;
        let (foreign, _) = offered(&mut other, theirs).await;
        let (own, _) = offered(&mut author, post).await;
        choose(&mut author, post, &own[1]).await;
        let nowhere = format!("film:{film}:987654321");
        let hidden = foreign.iter().map(String::as_str);
        for cover in hidden.chain([nowhere.as_str(), "photo:x", "film", "'\0"]) {
            choose(&mut author, post, cover).await;
            let page = author.get(&format!("/posts/{post}/edit")).await.text();
            assert!(!page.contains(&their_film.to_string()), "{cover}");
            let (values, chosen) = offered(&mut author, post).await;
            assert_eq!(values, own);
            assert!(matches!(chosen, Some(0 | 1)), "{cover}");
        }
        let own_page = author.get(&format!("/posts/{post}")).await.expect(200).text();
        assert!(own_page.contains(&poster(film, 1, 1)), "the best");
    }

    async fn a_choice_that_is_gone_gives_way_to_the_best_moment(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, film) = ready_draft(&site, &author).await;
        let (values, _) = offered(&mut author, post).await;
        let photo = values[3].strip_prefix("photo:").unwrap();
        let with_photo = fields(&mut author, post, &values[3]).await;
        send(&mut author, post, &with_photo, "save").await;
        assert_eq!(offered(&mut author, post).await.1, Some(3));
        let with_photo = fields(&mut author, post, &values[3]).await;
        send(&mut author, post, &with_photo, &format!("photo-remove-{photo}")).await;
        assert_eq!(offered(&mut author, post).await, (values[..3].to_vec(), Some(0)));

        choose(&mut author, post, &values[1]).await;
        let again = site.send_film(&author, post, media::film_of_scenes()).await;
        assert_eq!(offered(&mut author, post).await, (vec![], None), "not while it is being made");
        site.run_jobs().await;
        let (values, chosen) = offered(&mut author, post).await;
        assert_eq!((values.len(), chosen), (3, Some(0)));
        assert_ne!(film, again);
        author.get(&format!("/posts/{post}")).await.shows(&poster(again, 1, 1));
    }

    async fn a_film_made_anew_keeps_the_moment_that_was_chosen(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, film) = ready_draft(&site, &author).await;
        let (values, _) = offered(&mut author, post).await;
        choose(&mut author, post, &values[1]).await;
        site.submit(&author, post).await;
        site.approve(post).await;
        let mut visitor = site.visitor();
        let before = visitor.get(&poster(film, 1, 2)).await.expect(200).bytes;
        make_anew(&site, film).await;
        assert!(card(&mut visitor, post).await.contains(&poster(film, 2, 2)));
        visitor.get(&poster(film, 1, 2)).await.expect(404);
        assert_eq!(visitor.get(&poster(film, 2, 2)).await.expect(200).bytes, before, "the same moment");
        assert_eq!(offered(&mut author, post).await, (values, Some(1)));

        // Of a generation from before the others were kept there is the best alone.
        let mut tx = site.db().begin().await.unwrap();
        let forget = Query::update().table(Videos::Table).value(Videos::Details, None::<String>).take();
        tx.execute(&forget).await.unwrap();
        tx.commit().await.unwrap();
        let (values, chosen) = offered(&mut author, post).await;
        assert_eq!((values.len(), chosen), (2, Some(0)), "the best and the photo");
        author.get(&format!("/posts/{post}")).await.expect(200).shows(&poster(film, 2, 1));
    }

    async fn nothing_is_asked_where_there_is_one_picture(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).draft().await;
        let still = "-f lavfi -i smptebars=s=320x240:r=10:d=1 -c:v libx264 -pix_fmt yuv420p";
        site.send_film(&author, post, media::film("still.mp4", still)).await;
        site.run_jobs().await;
        assert_eq!(offered(&mut author, post).await, (vec![], None));
        author.get(&format!("/posts/{post}/edit")).await.expect(200).hides("data-covers");
        // A photo makes it a choice, and the film's moment stays the first.
        site.add_photo(&author, post).await;
        assert_eq!(offered(&mut author, post).await, (vec![], None), "not while it is being made");
        site.run_jobs().await;
        let (values, chosen) = offered(&mut author, post).await;
        assert_eq!((values.len(), chosen), (2, Some(0)));
    }

    async fn moderators_look_through_a_film_by_what_is_to_be_seen_in_it(site: TestApp) {
        let author = site.member("はなこ").await;
        let (post, film) = ready_draft(&site, &author).await;
        site.submit(&author, post).await;
        let mut moderator = site.moderator("ゆき").await;
        let item = site.review_item(post).await;
        let page = moderator.get(&format!("/review/{item}")).await.expect(200).text();
        let sheet = format!("/media/videos/{film}/1/contact-sheet.jpg");
        assert!(page.contains(&sheet), "{page}");
        let found = videos::find(site.db(), film).await.unwrap().unwrap();
        let scenes = found.stills.unwrap().contact_sheet.unwrap();
        assert!(scenes.at_ms.contains(&2000), "the second scene's first frame: {:?}", scenes.at_ms);
        assert_eq!(page.matches("data-seek=").count(), scenes.at_ms.len());
        assert!(page.contains("data-seek=\"2.001\"") && page.contains(">0:02<"), "{page}");
        moderator.get(&sheet).await.expect(200);
        site.visitor().get(&sheet).await.expect(404);
    }
}
