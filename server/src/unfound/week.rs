//! Weeks and days by the calendar of Japan. A week begins on a Monday, and is named by it.

use crate::time_id::Timestamp;
use std::fmt;
use std::str::FromStr;
use time::{Date, Duration, UtcOffset};

/// Written `2026-11-16`, so that weeks sort as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week(Date);

const JAPAN_SECONDS: i32 = 9 * 3600;

impl Week {
    pub fn of(at: Timestamp) -> Self {
        let Day(day) = Day::of(at);
        let since_monday = i64::from(day.weekday().number_days_from_monday());
        Self(day.saturating_sub(Duration::days(since_monday)))
    }

    #[must_use]
    pub fn minus(self, weeks: u32) -> Self {
        Self(self.0.saturating_sub(Duration::weeks(i64::from(weeks))))
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        let midnight = self.0.midnight().assume_utc().unix_timestamp() - i64::from(JAPAN_SECONDS);
        Timestamp::from_millis(midnight * 1000)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(Date);

impl Day {
    pub fn of(at: Timestamp) -> Self {
        let offset = UtcOffset::from_whole_seconds(JAPAN_SECONDS).unwrap_or(UtcOffset::UTC);
        Self(at.to_datetime().to_offset(offset).date())
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl FromStr for Week {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().and_then(|part| part.parse::<u16>().ok()).ok_or(());
        let (year, month, day) = (part()?, part()?, part()?);
        let month = u8::try_from(month).map_err(drop)?.try_into().map_err(drop)?;
        let day = u8::try_from(day).map_err(drop)?;
        Date::from_calendar_date(i32::from(year), month, day).map(Self).map_err(drop)
    }
}

crate::text_column!(Week);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_at_midnight_in_japan() {
        // 2026-11-22 12:00 in Japan, a Sunday.
        let sunday = Timestamp::from_millis(1_795_316_400_000);
        let week = Week::of(sunday);
        assert_eq!(week.to_string(), "2026-11-16");
        assert_eq!(Week::of(week.start()), week);
        let hour = std::time::Duration::from_secs(3600);
        assert_eq!(Week::of(sunday.plus(12 * hour)).to_string(), "2026-11-23");
        assert_eq!(Week::of(sunday.plus(11 * hour)), week);
        assert_eq!(Day::of(sunday), Day::of(sunday.plus(11 * hour)));
        assert_ne!(Day::of(sunday), Day::of(sunday.plus(12 * hour)));
        assert_eq!(week.minus(12).to_string(), "2026-08-24");
        assert_eq!("2026-11-16".parse(), Ok(week));
        for nonsense in ["", "2026-11", "2026-13-01", "2026-02-30", "x-y-z"] {
            assert_eq!(nonsense.parse::<Week>(), Err(()), "{nonsense}");
        }
    }
}
