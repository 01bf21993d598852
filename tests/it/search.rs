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
