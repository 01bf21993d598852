use super::*;
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

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

fn cage(output: &Path) -> Cage<'_> {
    Cage {
        output: Some(output),
        max_memory_bytes: 2 << 30,
        max_cpu_seconds: 60,
        max_file_bytes: 1000,
        niceness: 0,
    }
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
    Cage { max_cpu_seconds: 1, ..cage(Path::new(&folder)) }.close();
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
    let granted = cage(&output).close();
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
    is_denied(std::os::unix::fs::symlink("/etc/passwd", folder.join("output/link")).unwrap_err());
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
