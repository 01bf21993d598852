//! `/review/unfound`: week by week, what several people looked for in vain, and what has been done about it: whether a group has it, and
//! whether it is found by now.

use super::sql::{self, Missed};
use crate::app::App;
use crate::discovery;
use crate::error::Result;
use crate::http::Context;
use crate::words;
use axum::extract::State;
use axum::response::Response;
use std::collections::{BTreeSet, HashMap, HashSet};
use web::When;
use web::words::{UnfoundText, UnfoundView, UnfoundWeek};

/// Lines of all weeks together: nobody reads more, and each is searched for.
const MOST: u64 = 200;

/// GET /review/unfound
pub async fn list(State(app): State<App>, context: Context) -> Result<Response> {
    let missed = sql::missed(&app.db, MOST).await?;
    let done = Done::about(&app, &missed).await?;
    let weeks = missed
        .chunk_by(|one, next| one.week == next.week)
        .filter_map(|of_week| {
            let monday = When(of_week.first()?.week.start().as_millis());
            let mut texts: Vec<_> = of_week.iter().map(|missed| done.line(missed)).collect();
            // What is left to do first; within, what most people missed stays first.
            texts.sort_by_key(|text| (text.is_found, text.entry_url.is_some()));
            Some(UnfoundWeek { monday, texts })
        })
        .collect();
    let view = UnfoundView { weeks, fewest: super::FEWEST };
    Ok(context.page(web::words::unfound(&context.chrome, &view)))
}

/// What has become of the texts since.
struct Done {
    /// The pages of their groups.
    groups: HashMap<String, String>,
    found: HashSet<String>,
}

impl Done {
    async fn about(app: &App, missed: &[Missed]) -> Result<Self> {
        let texts: BTreeSet<&str> = missed.iter().map(|missed| missed.text.as_str()).collect();
        let texts: Vec<&str> = texts.into_iter().collect();
        let groups = words::pages_of_groups(&app.db, &texts).await?;
        let texts = texts.into_iter().map(str::to_owned).collect();
        let found = discovery::found(app, texts).await.unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "the search index does not answer");
            HashSet::new()
        });
        Ok(Self { groups, found })
    }

    fn line(&self, missed: &Missed) -> UnfoundText {
        let mut query = form_urlencoded::Serializer::new(String::new());
        UnfoundText {
            search_url: format!("/search?{}", query.append_pair("q", &missed.text).finish()),
            group_url: words::begin_url(&words::one_word(&missed.text)),
            entry_url: self.groups.get(&missed.text).cloned(),
            is_found: self.found.contains(&missed.text),
            text: missed.text.clone(),
            people: missed.people,
        }
    }
}
