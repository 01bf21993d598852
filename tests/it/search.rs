//! The search page: filters with their counts, and what is shown when they leave nothing.

use server::discovery::index;
use server::posts::Kind;
use tests::browser::encoded;
use tests::{TestApp, on_both_databases};

fn address(words: &str, filters: &str) -> String {
    format!("/search?q={}{filters}", encoded(words.as_bytes()))
}

/// Two of Uji and one of Joyo, on pumpkins.
async fn pumpkins(site: &TestApp) {
    let author = site.member("はなこ").await;
    let post = || site.post(&author).saying("かぼちゃを蒸してつぶします。");
    post().titled("かぼちゃがゆ").in_region("uji").for_months(5, 8).published().await;
    post().titled("かぼちゃのおやき").in_region("uji").for_months(12, 36).published().await;
    let tip = post().titled("かぼちゃの保存").in_region("joyo").of_kind(Kind::Tip);
    tip.for_months(0, 36).published().await;
    index::catch_up(&site.app).await.unwrap();
}

on_both_databases! {
    async fn each_choice_of_a_filter_says_how_many_it_would_give(site: TestApp) {
        pumpkins(&site).await;
        let all = site.visitor().get(&address("かぼちゃ", "")).await.expect(200);
        all.shows("たべる<span class=\"how-many\">（2）").shows("コツ<span class=\"how-many\">（1）")
            .shows("宇治市（2）").shows("城陽市（1）").shows("八幡市（0）");
        // The other kinds are counted among what the other filters let through.
        let tips = site.visitor().get(&address("かぼちゃ", "&kind=tip&region=joyo")).await.expect(200);
        tips.shows("</mark>の保存").hides("</mark>のおやき").shows("たべる<span class=\"how-many\">（0）").shows("宇治市（0）");
        let later = site.visitor().get(&address("かぼちゃ", "&age=24")).await.expect(200);
        later.hides("</mark>がゆ").shows("たべる<span class=\"how-many\">（1）");
    }

    async fn where_the_filters_leave_nothing_one_of_them_is_left_out_and_it_says_which(site: TestApp) {
        pumpkins(&site).await;
        let elsewhere = site.visitor().get(&address("かぼちゃ", "&kind=recipe&region=yawata")).await.expect(200);
        elsewhere.shows("その地域のものは、まだありません").shows("</mark>がゆ").hides("</mark>の保存");
        let filmed = site.visitor().get(&address("かぼちゃ", "&video=1")).await.expect(200);
        filmed.shows("動画つきのものは、まだありません").shows("</mark>の保存");
        let none = site.visitor().get(&address("かぼちゃ", "&kind=question&region=yawata")).await.expect(200);
        none.shows("しぼりこみを外すと").shows("</mark>の保存");
        // No filter brings what no words find.
        site.visitor().get(&address("宇宙飛行士", "&region=uji")).await.expect(200).hides("</mark>の保存").shows("宇宙飛行士");
    }
}

/// As our pages write words into an address.
fn written(words: &str) -> String {
    encoded(words.as_bytes()).to_uppercase()
}

async fn suggestions(site: &TestApp, typed: &str) -> Vec<(String, String, String)> {
    let address = format!("/search/suggest?q={}", encoded(typed.as_bytes()));
    let answer = site.visitor().get(&address).await.expect(200).json();
    let field = |offer: &serde_json::Value, name: &str| offer[name].as_str().unwrap().to_owned();
    let offers = answer["suggestions"].as_array().unwrap();
    offers.iter().map(|o| (field(o, "kind"), field(o, "text"), field(o, "href"))).collect()
}

on_both_databases! {
    async fn words_tags_and_titles_are_suggested_from_the_first_kana(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("かぼちゃがゆ").tagged("かみかみ期").saying("かぼちゃを蒸します。").published().await;
        site.post(&author).titled("おいものおやき").saying("かぼちゃでもできます。").published().await;
        index::catch_up(&site.app).await.unwrap();
        let offers = suggestions(&site, "か").await;
        let has = |kind: &str, text: &str, href: &str| {
            offers.contains(&(kind.to_owned(), text.to_owned(), href.to_owned()))
        };
        assert!(has("word", "かぼちゃ", &format!("/search?q={}", written("かぼちゃ"))), "{offers:?}");
        assert!(has("tag", "#かみかみ期", &format!("/tags/{}", written("かみかみ期"))), "{offers:?}");
        assert!(has("post", "かぼちゃがゆ", &format!("/posts/{post}")), "{offers:?}");
        assert_eq!(suggestions(&site, "").await, []);
    }

    async fn a_post_that_was_withdrawn_is_neither_suggested_nor_related(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = || site.post(&author).saying("離乳食の初期に、にんじんを。");
        let shown = post().titled("にんじんがゆ").published().await;
        let gone = post().titled("にんじんスープ").published().await;
        index::catch_up(&site.app).await.unwrap();
        let page = format!("/posts/{shown}");
        site.visitor().get(&page).await.expect(200).shows("にんじんスープ");
        let titles = |offers: Vec<(String, String, String)>| -> Vec<String> {
            offers.into_iter().filter(|offer| offer.0 == "post").map(|offer| offer.1).collect()
        };
        assert_eq!(titles(suggestions(&site, "にんじんす").await), ["にんじんスープ"]);
        // The index has not heard of it yet.
        author.post(&format!("/posts/{gone}/withdraw"), &[]).await.expect(303);
        assert_eq!(titles(suggestions(&site, "にんじんす").await), [""; 0]);
        site.visitor().get(&page).await.expect(200).hides("にんじんスープ");
    }

    async fn a_slip_of_the_finger_is_answered_with_what_was_meant(site: TestApp) {
        pumpkins(&site).await;
        let page = site.visitor().get(&address("かぽちゃ", "&region=uji")).await.expect(200);
        page.shows(&format!("/search?q={}&amp;region=uji", written("かぼちゃ")));
        let right = site.visitor().get(&address("かぼちゃ", "")).await.expect(200);
        right.hides("もしかして");
    }

    async fn a_members_own_region_comes_first_where_texts_are_alike(site: TestApp) {
        let author = site.member("はなこ").await;
        for region in ["uji", "joyo", "yawata"] {
            site.post(&author).titled("おはなし会").saying("えほんのおはなし会です。").in_region(region).published().await;
        }
        index::catch_up(&site.app).await.unwrap();
        for (region, name) in [("uji", "宇治市"), ("joyo", "城陽市"), ("yawata", "八幡市")] {
            let mut reader = site.member(&format!("{region}の人")).await;
            let nickname = format!("{region}の人");
            let settings = [("action", "profile"), ("nickname", nickname.as_str()), ("lang", "ja"), ("region", region)];
            reader.post("/me/settings", &settings).await.expect(303);
            let page = reader.get(&address("おはなし会", "")).await.expect(200).text();
            let hits = &page[page.find("<mark>").unwrap()..];
            let at = |name: &str| hits.find(name).unwrap();
            for other in ["宇治市", "城陽市", "八幡市"] {
                assert!(at(name) <= at(other), "{name} before {other}");
            }
        }
    }
}
