//! What lies in a task's output folder, while a child writes there. The child's own limits come first, unless it was taken over.

use super::TaskFailure;
use crate::Failure;
use std::path::Path;
use std::time::Duration;
use tokio::fs::read_dir;
use tokio::time::sleep;

/// How often the folder is looked at, and the most files and bytes (as a multiple of the task's limit: photos pass through a file
/// in between) that may be in it.
const INTERVAL: Duration = Duration::from_millis(500);
const MAX_FILES: usize = 1000;
const BYTES_FACTOR: u64 = 2;

/// Waits until there is more in the folder than a task may make.
pub async fn flood(folder: &Path, max_bytes: u64) -> TaskFailure {
    loop {
        sleep(INTERVAL).await;
        let (files, bytes) = contents(folder).await;
        if files > MAX_FILES || bytes > BYTES_FACTOR.saturating_mul(max_bytes) {
            let detail = format!("{files} files of {bytes} bytes in the output folder");
            return TaskFailure::new(Failure::TooHeavy, detail);
        }
    }
}

/// How many files there are, and their bytes together; it stops counting at too many.
async fn contents(folder: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0);
    let Ok(mut entries) = read_dir(folder).await else { return (0, 0) };
    while let Ok(Some(entry)) = entries.next_entry().await {
        files += 1;
        bytes += entry.metadata().await.map_or(0, |metadata| metadata.len());
        if files > MAX_FILES {
            break;
        }
    }
    (files, bytes)
}
