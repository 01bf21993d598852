//! The cage a task is done in: resource limits, landlock (no path but one folder), seccomp (no sockets, no other programs, no
//! look into other processes). The input is open already, so no path leads to it.
//!
//! Every layer is taken as far as the kernel grants it, and [`Caged`] says which ones hold. Threads started later
//! inherit all of it; so it must be closed while the process has one thread. Shared libraries are loaded by then.
//!
//! Not here: the wall clock and the watchdog, which a hung child could not keep itself; the parent has them.

mod syscalls;

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

/// What another program (see [`Cage::program`]) needs to start: the loader and its libraries, and the loader's cache.
const LIBRARY_PATHS: [&str; 4] = ["/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"];

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
    /// A program that may be started until [`forbid_programs`]. It inherits the cage.
    pub program: Option<&'a Path>,
}

impl Cage<'_> {
    /// Shuts this process in, for good. Says what the kernel granted.
    pub fn close(&self) -> Caged {
        // Landlock opens paths and so comes before seccomp.
        let rlimits = logged("rlimits", self.limit_resources());
        let landlock = logged("landlock", self.limit_paths());
        let seccomp = logged("seccomp", syscalls::limit(self.program.is_some()));
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
        if let Some(program) = self.program {
            let run = AccessFs::Execute | AccessFs::ReadFile;
            let paths = LIBRARY_PATHS.iter().map(Path::new).chain([program]);
            for path in paths.filter_map(|path| PathFd::new(path).ok()) {
                ruleset = ruleset.add_rule(PathBeneath::new(path, run))?;
            }
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
        program: None,
    };
    let closed = cage.close();
    let mut hoard: Vec<u8> = Vec::new();
    Caged {
        landlock: closed.landlock && File::open("/").is_err(),
        seccomp: closed.seccomp && UdpSocket::bind("127.0.0.1:0").is_err(),
        rlimits: closed.rlimits && hoard.try_reserve_exact(2 * PROBE_BYTES as usize).is_err(),
    }
}

/// From here on no program can be started, whatever [`Cage::program`] allowed.
pub fn forbid_programs() {
    logged("seccomp against programs", syscalls::forbid_programs());
}

fn logged(layer: &str, granted: Result<bool, Box<dyn std::error::Error>>) -> bool {
    granted.unwrap_or_else(|error| {
        eprintln!("cage: {layer} not granted: {error}");
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Output, Stdio};

    /// Names the folder that the process of [`what_is_forbidden_fails`] is to lock itself into.
    const FOLDER: &str = "MEGURUMI_TEST_CAGE";

    #[test]
    fn a_caged_process_can_do_its_work_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("input"), b"film").unwrap();
        fs::write(folder.path().join("secret"), b"secret").unwrap();
        fs::create_dir(folder.path().join("output")).unwrap();
        // A cage is for good, so another process goes in.
        let run = in_a_process_of_its_own("what_is_forbidden_fails", folder.path());
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(fs::read(folder.path().join("output/made")).unwrap(), b"film");
    }

    #[test]
    fn a_cage_with_a_program_in_it_lets_nothing_else_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), b"secret").unwrap();
        fs::create_dir(folder.path().join("output")).unwrap();
        let run =
            in_a_process_of_its_own("what_is_forbidden_beside_a_program_fails", folder.path());
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    #[test]
    fn what_is_forbidden_beside_a_program_fails() {
        // On its own it has nothing to do: see the test above.
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let folder = Path::new(&folder);
        let output = folder.join("output");
        let cage = Cage {
            output: Some(&output),
            max_memory_bytes: 2 << 30,
            max_cpu_seconds: 60,
            max_file_bytes: 1000,
            niceness: 0,
            program: Some(Path::new("/bin/cat")),
        };
        assert_eq!(cage.close(), Caged { landlock: true, seccomp: true, rlimits: true });
        let secret = folder.join("secret");
        let forbidden = || {
            assert!(File::open("/etc/passwd").is_err());
            assert!(File::open(&secret).is_err());
            assert!(File::create(folder.join("elsewhere")).is_err());
            assert!(UdpSocket::bind("127.0.0.1:0").is_err());
            assert!(UnixStream::connect("/run/dbus/system_bus_socket").is_err());
            assert!(Command::new("/bin/true").status().is_err());
            // SAFETY: system calls that must fail before they do anything.
            unsafe {
                assert_eq!(libc::kill(libc::getppid(), 0), -1);
                assert_eq!(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0), -1);
            }
            assert!(Resource::AS.set(20 << 30, 20 << 30).is_err());
            let mut hoard: Vec<u8> = Vec::new();
            assert!(hoard.try_reserve_exact(10 << 30).is_err());
        };
        forbidden();
        // The program is in the same cage.
        let cat = |path: &Path| {
            let said = File::create(output.join("said")).unwrap();
            let command =
                Command::new("/bin/cat").arg(path).stdin(Stdio::piped()).stdout(said).status();
            command.map(|status| (status.success(), fs::read(output.join("said")).unwrap()))
        };
        fs::write(output.join("made"), b"photo").unwrap();
        assert_eq!(cat(&output.join("made")).unwrap(), (true, b"photo".to_vec()));
        for path in [Path::new("/etc/passwd"), &secret] {
            assert_eq!(cat(path).unwrap(), (false, Vec::new()));
        }
        forbid_programs();
        forbidden();
        assert!(cat(&output.join("made")).is_err());
        // SAFETY: must fail before it does anything.
        assert_eq!(unsafe { libc::fork() }, -1);
        std::thread::spawn(|| {}).join().unwrap();
    }

    fn in_a_process_of_its_own(test: &str, folder: &Path) -> Output {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("sandbox::tests::{test}"), "--nocapture"])
            .env(FOLDER, folder)
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap()
    }

    #[test]
    fn a_caged_process_that_only_burns_time_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let run = in_a_process_of_its_own("what_never_ends", folder.path());
        assert_eq!(run.status.signal(), Some(libc::SIGXCPU), "{run:?}");
    }

    #[test]
    fn what_never_ends() {
        // On its own it has nothing to do: see the test above.
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let cage = Cage {
            output: Some(Path::new(&folder)),
            max_memory_bytes: 2 << 30,
            max_cpu_seconds: 1,
            max_file_bytes: 1000,
            niceness: 0,
            program: None,
        };
        cage.close();
        loop {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn what_is_forbidden_fails() {
        // On its own it has nothing to do: see the test above.
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let folder = Path::new(&folder);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut input = File::open(folder.join("input")).unwrap();
        let output = folder.join("output");
        let cage = Cage {
            output: Some(&output),
            max_memory_bytes: 2 << 30,
            max_cpu_seconds: 60,
            max_file_bytes: 1000,
            niceness: 0,
            program: None,
        };
        let granted = cage.close();
        assert_eq!(granted, Caged { landlock: true, seccomp: true, rlimits: true });
        let is_denied = |error: std::io::Error| {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        };

        let mut film = Vec::new();
        input.read_to_end(&mut film).unwrap();
        fs::write(folder.join("output/made"), film).unwrap();
        std::thread::spawn(|| {}).join().unwrap();

        is_denied(File::open("/etc/passwd").unwrap_err());
        is_denied(File::open("/proc/self/maps").unwrap_err());
        is_denied(File::open(folder.join("secret")).unwrap_err());
        is_denied(File::open(folder.join("input")).unwrap_err());
        is_denied(fs::read_dir("/").unwrap_err());
        is_denied(File::options().write(true).open(folder.join("input")).unwrap_err());
        is_denied(File::create(folder.join("elsewhere")).unwrap_err());
        is_denied(
            std::os::unix::fs::symlink("/etc/passwd", folder.join("output/link")).unwrap_err(),
        );
        is_denied(fs::create_dir(folder.join("output/folder")).unwrap_err());

        is_denied(TcpStream::connect(address).unwrap_err());
        is_denied(UdpSocket::bind("127.0.0.1:0").unwrap_err());
        is_denied(UnixStream::pair().unwrap_err());

        assert!(Command::new("/bin/true").status().is_err());
        // SAFETY: system calls that must fail before they do anything.
        unsafe {
            assert_eq!(libc::fork(), -1);
            assert_eq!(libc::kill(libc::getppid(), 0), -1);
            assert_eq!(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0), -1);
            assert_eq!(libc::setuid(0), -1);
        }

        let mut hoard: Vec<u8> = Vec::new();
        assert!(hoard.try_reserve_exact(10 << 30).is_err());
        let more = Resource::AS.set(20 << 30, 20 << 30);
        assert!(more.is_err());
        let too_much = fs::write(folder.join("output/large"), [0; 2000]).unwrap_err();
        assert_eq!(too_much.raw_os_error(), Some(libc::EFBIG));
    }
}
