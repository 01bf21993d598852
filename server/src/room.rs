//! Want of room: a disk, a database or a bucket that is full, or a quota on it.
//!
//! It is nobody's fault but the house's, passes once an operator has made room, and nothing of what was asked is lost: a request is
//! answered by 507 ([`crate::error::Error::NoRoom`]), a job waits without its attempt being counted ([`crate::jobs`]). Here is the one
//! place that tells it from other errors, whatever they are wrapped in.
//!
//! Not here: the search index, which can be made anew and serves on without room (`search`).

use crate::config::Config;
use crate::db::DbError;
use crate::error::Error;
use crate::media::MediaError;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use transcoder_protocol::Failure;
use transcoder_protocol::run::TaskFailure;

/// Whether an error comes from want of room.
pub fn is_missing(error: &anyhow::Error) -> bool {
    error.chain().any(says_so)
}

/// Whether the system says so: no space left on the device, or over a quota.
pub fn is_missing_on_disk(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        // Of what an error was made of, its chain has only the causes.
        || error.get_ref().is_some_and(|within| says_so(within))
}

fn says_so(cause: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        is_missing_on_disk(error)
    } else if let Some(error) = cause.downcast_ref::<DbError>() {
        matches!(error, DbError::Full(_))
    } else if let Some(error) = cause.downcast_ref::<MediaError>() {
        matches!(error, MediaError::Full(_))
    } else if let Some(error) = cause.downcast_ref::<TaskFailure>() {
        error.failure == Failure::NoRoom
    } else {
        match cause.downcast_ref::<Error>() {
            Some(Error::NoRoom(_)) => true,
            // Transparent: what is within is left out of the chain.
            Some(Error::Internal(within)) => is_missing(within),
            _ => false,
        }
    }
}

/// The class of failure that a medium's author is told, of whatever ended an attempt to make it.
pub fn failure_of(error: &anyhow::Error) -> Failure {
    if is_missing(error) {
        return Failure::NoRoom;
    }
    error.downcast_ref::<TaskFailure>().map_or(Failure::Crashed, |known| known.failure)
}

/// Where this process writes, and how much room there is, for whoever has to make some.
pub fn places(config: &Config) -> String {
    let mut places = String::new();
    let folders = [
        ("data", config.data.clone()),
        ("media", config.media_folder()),
        ("work", config.work_folder()),
        ("mail", config.mail_folder()),
    ];
    for (name, folder) in folders {
        if let Ok(free) = Free::at(&folder) {
            let separator = if places.is_empty() { "" } else { "; " };
            let Free { mebibytes, files } = free;
            let _ = write!(
                places,
                "{separator}{name} {}: {mebibytes} MiB and {files} files free",
                folder.display()
            );
        }
    }
    places
}

struct Free {
    mebibytes: u64,
    files: u64,
}

impl Free {
    fn at(folder: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(folder)?;
        let mebibytes = found.f_bavail.saturating_mul(found.f_frsize) >> 20;
        Ok(Self { mebibytes, files: found.f_favail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    fn full() -> io::Error {
        // The kernel's own words.
        io::Write::write(&mut std::fs::File::create("/dev/full").unwrap(), b"x").unwrap_err()
    }

    #[test]
    fn want_of_room_is_known_through_whatever_it_is_wrapped_in() {
        let no_room = |failure| TaskFailure { failure, detail: String::new() };
        let wrapped: Vec<anyhow::Error> = vec![
            full().into(),
            anyhow::Error::from(full()).context("writing a mail"),
            io::Error::other(full()).into(),
            io::Error::other(MediaError::from(full())).into(),
            MediaError::from(full()).into(),
            MediaError::Remote(Box::new(full())).into(),
            DbError::Full("database or disk is full".into()).into(),
            Error::from(full()).into(),
            Error::from(MediaError::from(full())).into(),
            Error::Internal(Err::<(), _>(full()).context("again").unwrap_err()).into(),
            no_room(Failure::NoRoom).into(),
            io::Error::from_raw_os_error(122).into(),
        ];
        for error in wrapped {
            assert!(is_missing(&error), "{error:?}");
            assert_eq!(failure_of(&error), Failure::NoRoom);
        }
    }

    #[test]
    fn nothing_else_is_taken_for_it() {
        let others: Vec<anyhow::Error> = vec![
            anyhow!("no space left on device"),
            io::Error::from(io::ErrorKind::FileTooLarge).into(),
            io::Error::from(io::ErrorKind::OutOfMemory).into(),
            DbError::Driver("no".into()).into(),
            TaskFailure { failure: Failure::TooHeavy, detail: String::new() }.into(),
            Error::NotFound.into(),
        ];
        for error in others {
            assert!(!is_missing(&error), "{error:?}");
        }
    }

    #[test]
    fn a_request_is_told_so_whatever_it_came_from() {
        for error in
            [Error::from(full()), MediaError::from(full()).into(), DbError::Full("".into()).into()]
        {
            assert!(matches!(error, Error::NoRoom(_)), "{error:?}");
        }
    }
}
