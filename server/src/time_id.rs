//! Time and identity. Both come from the app's [`Clock`], so that tests can move time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Milliseconds since 1970-01-01 UTC.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// Zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    pub fn to_datetime(self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl From<Timestamp> for sea_query::Value {
    fn from(at: Timestamp) -> Self {
        at.0.into()
    }
}

impl sea_query::Nullable for Timestamp {
    fn null() -> sea_query::Value {
        sea_query::Value::BigInt(None)
    }
}

impl crate::db::Column for Timestamp {
    fn read(row: &crate::db::Row, column: &str) -> crate::db::Result<Self> {
        Ok(Self(row.get(column)?))
    }
}

impl crate::db::Column for Option<Timestamp> {
    fn read(row: &crate::db::Row, column: &str) -> crate::db::Result<Self> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp))
    }
}

/// The time of day, real or a test's.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Stands still until moved.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.0)))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            // The one place that reads the machine's clock.
            #[expect(clippy::disallowed_methods)]
            Self::System => {
                let since = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(millis(since))
            }
            Self::Manual(now) => Timestamp(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock. Does nothing to the system's.
    pub fn advance(&self, span: Duration) {
        if let Self::Manual(now) = self {
            now.fetch_add(millis(span), Ordering::SeqCst);
        }
    }
}

/// A UUIDv7 for that moment: ids of later rows sort later.
fn uuid_at(now: Timestamp) -> uuid::Uuid {
    let millis = u64::try_from(now.0).unwrap_or(0);
    let stamp = uuid::Timestamp::from_unix(
        uuid::NoContext,
        millis / 1000,
        u32::try_from(millis % 1000 * 1_000_000).unwrap_or(0),
    );
    uuid::Uuid::new_v7(stamp)
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new id, stamped with the clock's time.
            pub fn new(clock: &Clock) -> Self {
                Self(uuid_at(clock.now()))
            }

            /// For an id that is made from what it stands for.
            pub const fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        $crate::text_column!($name);
    )+};
}

ids! {
    AccountId, SessionId, PostId, RevisionId, PhotoId, VideoId, UploadId, ReviewItemId, DecisionId, NoticeId, JobId,
    WordEntryId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_later_sort_later() {
        let clock = Clock::manual(Timestamp::from_millis(1_790_000_000_000));
        let first = PostId::new(&clock);
        clock.advance(Duration::from_millis(1));
        assert!(first.to_string() < PostId::new(&clock).to_string());
    }
}
