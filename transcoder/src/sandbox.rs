//! The cage a task is done in: resource limits, landlock (no path but one folder), seccomp (no sockets, no other programs, no
//! look into other processes). The input is open already, so no path leads to it.
//!
//! Every layer is taken as far as the kernel grants it, and [`Caged`] says which ones hold. Threads started later
//! inherit all of it; so it must be closed while the process has one thread. Shared libraries are loaded by then.
//!
//! Not here: the wall clock and the watchdog, which a hung child could not keep itself; the parent has them.

mod syscalls;
#[cfg(test)]
mod tests;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rlimit::Resource;
use std::fs::File;
use std::net::UdpSocket;
use std::path::Path;
use transcoder_protocol::Caged;

/// Newest landlock interface whose rights we have thought through; older kernels grant a part of it.
const LANDLOCK: ABI = ABI::V6;

/// Files open at once: input, renditions, images, standard streams, and room.
const MAX_OPEN_FILES: u64 = 64;

/// Lets the calling thread stand back for the others by so many steps more.
pub fn stand_back(steps: u32) {
    set_niceness(niceness() + steps as libc::c_int);
}

fn niceness() -> libc::c_int {
    // SAFETY: reads a number of this thread.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// A courtesy, not a layer: it may fail.
fn set_niceness(niceness: libc::c_int) {
    // SAFETY: sets a number of this thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness.min(19)) };
}

/// Address space of the cage that [`granted`] closes: room for libav's libraries.
const PROBE_BYTES: u64 = 2 << 30;

pub struct Cage<'a> {
    /// The one folder that may be read and written.
    pub output: Option<&'a Path>,
    /// Address space, in bytes.
    pub max_memory_bytes: u64,
    pub max_cpu_seconds: u64,
    /// Largest file that may be written, in bytes.
    pub max_file_bytes: u64,
    /// How far to stand back for other processes, 0 to 19.
    pub niceness: u32,
}

impl Cage<'_> {
    /// Shuts this process in, for good. Says what the kernel granted.
    pub fn close(&self) -> Caged {
        // Landlock opens paths and so comes before seccomp.
        let rlimits = logged("rlimits", self.limit_resources());
        let landlock = logged("landlock", self.limit_paths());
        let seccomp = logged("seccomp", syscalls::limit());
        Caged { landlock, seccomp, rlimits }
    }

    fn limit_resources(&self) -> Result<bool, Box<dyn std::error::Error>> {
        // Over the file limit a write shall fail with an error that we can report, not end the process by a signal.
        // SAFETY: ignoring a signal installs no handler.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        // Never less than our parent stands back already; threads started later have it too.
        let own = niceness();
        set_niceness(own.max(self.niceness as libc::c_int));
        // No core dumps and no debugger: what people filmed stays out of crash files.
        // SAFETY: plain flag of this process.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        let cap = |resource: Resource, limit: u64| {
            let (_, hard) = resource.get()?;
            let limit = limit.min(hard);
            resource.set(limit, limit)
        };
        cap(Resource::CORE, 0)?;
        cap(Resource::NOFILE, MAX_OPEN_FILES)?;
        cap(Resource::AS, self.max_memory_bytes)?;
        // At the lower limit the process ends by SIGXCPU, which tells the parent why; at the upper one by SIGKILL.
        let (_, hard) = Resource::CPU.get()?;
        Resource::CPU.set(self.max_cpu_seconds.min(hard), (self.max_cpu_seconds + 1).min(hard))?;
        cap(Resource::FSIZE, self.max_file_bytes)?;
        Ok(true)
    }

    fn limit_paths(&self) -> Result<bool, Box<dyn std::error::Error>> {
        let everything = AccessFs::from_all(LANDLOCK);
        let write = AccessFs::ReadFile
            | AccessFs::ReadDir
            | AccessFs::WriteFile
            | AccessFs::MakeReg
            | AccessFs::RemoveFile
            | AccessFs::Truncate;
        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(everything)?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?;
        if let Some(output) = self.output {
            ruleset = ruleset.add_rule(PathBeneath::new(PathFd::new(output)?, write))?;
        }
        Ok(ruleset.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
    }
}

/// Closes a cage around this process, and believes in a layer only when what it forbids fails.
pub fn granted() -> Caged {
    let cage = Cage {
        output: None,
        max_memory_bytes: PROBE_BYTES,
        max_cpu_seconds: 10,
        max_file_bytes: 0,
        niceness: 0,
    };
    let closed = cage.close();
    let mut hoard: Vec<u8> = Vec::new();
    Caged {
        landlock: closed.landlock && File::open("/").is_err(),
        seccomp: closed.seccomp && UdpSocket::bind("127.0.0.1:0").is_err(),
        rlimits: closed.rlimits && hoard.try_reserve_exact(2 * PROBE_BYTES as usize).is_err(),
    }
}

fn logged(layer: &str, granted: Result<bool, Box<dyn std::error::Error>>) -> bool {
    granted.unwrap_or_else(|error| {
        eprintln!("cage: {layer} not granted: {error}");
        false
    })
}
