//! `/review/unfound`: week by week, what several people looked for in vain.

use super::sql::{self, Missed};
use crate::app::App;
use crate::error::Result;
use crate::http::Context;
use crate::words;
use axum::extract::State;
use axum::response::Response;
use web::When;
use web::words::{UnfoundText, UnfoundView, UnfoundWeek};

/// Lines of all weeks together: nobody reads more.
const MOST: u64 = 500;

/// GET /review/unfound
pub async fn list(State(app): State<App>, context: Context) -> Result<Response> {
    let missed = sql::missed(&app.db, MOST).await?;
    let weeks = missed
        .chunk_by(|one, next| one.week == next.week)
        .filter_map(|of_week| {
            let monday = When(of_week.first()?.week.start().as_millis());
            Some(UnfoundWeek { monday, texts: of_week.iter().map(line).collect() })
        })
        .collect();
    let view = UnfoundView { weeks, fewest: super::FEWEST };
    Ok(context.page(web::words::unfound(&context.chrome, &view)))
}

fn line(missed: &Missed) -> UnfoundText {
    let mut query = form_urlencoded::Serializer::new(String::new());
    UnfoundText {
        search_url: format!("/search?{}", query.append_pair("q", &missed.text).finish()),
        group_url: words::begin_url(&words::one_word(&missed.text)),
        text: missed.text.clone(),
        people: missed.people,
    }
}
