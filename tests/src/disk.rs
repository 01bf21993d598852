//! A disk that is really full: a small file system of its own, in memory.
//!
//! Mounting needs a mount namespace of one's own, and nobody else should see it; so the test runs again, alone, in a child that has
//! one. Root may have one anywhere but in a container that forbids it; anyone else where the kernel grants user namespaces.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Tells a test that runs again where the small disk is.
const DISK: &str = "MEGURUMI_TEST_DISK";
const IN_A_NAMESPACE: &str = "as=; [ \"$(id -u)\" = 0 ] || as=--map-root-user; \
     exec unshare $as --mount sh -c 'mount -t tmpfs -o size=\"$0\" none \"$1\" && shift && exec \"$@\"' \"$@\"";

/// The disk's root is where temporary folders are made meanwhile.
pub struct SmallDisk {
    root: PathBuf,
    /// On another disk, which has room.
    pub beside: TempDir,
}

impl SmallDisk {
    /// Runs the calling test again on a disk of that size, and gives it its disk there; `None` in the test that has only waited for it.
    ///
    /// # Panics
    /// When the test fails there, or this machine grants no namespace.
    pub fn of(mebibytes: u32) -> Option<Self> {
        if let Some(root) = std::env::var_os(DISK) {
            let root = PathBuf::from(root);
            let elsewhere = root.parent().expect("the small disk lies in a folder");
            let beside = TempDir::new_in(elsewhere).expect("a folder beside it");
            return Some(Self { root, beside });
        }
        let thread = std::thread::current();
        let name = thread.name().expect("the harness names a test's thread after it");
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("small");
        std::fs::create_dir(&root).expect("a folder to mount on");
        let test = std::env::current_exe().expect("this test");
        let ran = Command::new("sh")
            .args(["-c", IN_A_NAMESPACE, "sh", &format!("{mebibytes}m")])
            .arg(&root)
            .arg(test)
            .args(["--exact", name, "--nocapture"])
            .env(DISK, &root)
            .env("TMPDIR", &root)
            .output()
            .expect("sh runs");
        let said = String::from_utf8_lossy(&ran.stdout);
        let log = String::from_utf8_lossy(&ran.stderr);
        assert!(
            ran.status.success() && said.contains("1 passed"),
            "on a small disk (which needs root, or user namespaces): {}\n{said}\n{log}",
            ran.status
        );
        None
    }

    fn ballast(&self) -> PathBuf {
        self.root.join("ballast")
    }

    /// Leaves room for so many bytes, to within a page, and not one file more than that.
    pub fn leave(&self, bytes: u64) {
        self.make_room();
        let mut ballast = File::create(self.ballast()).expect("room for an empty file");
        let block = [7; 4096];
        let mut length = 0;
        loop {
            match ballast.write(&block) {
                Ok(written) => length += written as u64,
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("filling the disk: {error}"),
            }
        }
        ballast.set_len(length.saturating_sub(bytes)).expect("a shorter file");
    }

    pub fn fill(&self) {
        self.leave(0);
    }

    pub fn make_room(&self) {
        let gone = std::fs::remove_file(self.ballast());
        assert!(gone.is_ok() || !self.ballast().exists(), "{gone:?}");
    }
}
