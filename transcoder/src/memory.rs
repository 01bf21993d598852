//! The want of memory has one name, wherever and in whichever thread it is met.
//!
//! What a refused allocation leads to is chance otherwise: an error that a library calls by another name, a decoder that cannot
//! be opened, a frame that is taken for damaged, a null pointer that somebody follows, an abort. So all of C's ways to ask for
//! memory lead through here (our libraries and Rust's own allocator among them, since a program's `malloc` goes before
//! glibc's), and once [`end_when_refused`] was called, the first refusal in any thread ends the process with
//! [`NO_MEMORY_STATUS`]. Code for the case that memory is wanting, the least tried of every library, is never reached.
//!
//! Two things are not asked for here. A thread that cannot be started for want of a stack is an error that its starter sees
//! (`EAGAIN`; see `libav::refusal`). And the first thread's stack grows by page faults, which at the limit end it by a
//! signal: so nothing of the input is worked on there (see `main`).

use libc::{c_int, c_void, off64_t, size_t};
use std::io::Write;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use transcoder_protocol::NO_MEMORY_STATUS;

static ENDS: AtomicBool = AtomicBool::new(false);

/// From here on a refused allocation ends the process.
pub fn end_when_refused() {
    ENDS.store(true, Ordering::Relaxed);
}

unsafe extern "C" {
    // The same functions under the names that glibc keeps for programs with a `malloc` of their own.
    fn __libc_malloc(size: size_t) -> *mut c_void;
    fn __libc_calloc(count: size_t, size: size_t) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: size_t) -> *mut c_void;
    fn __libc_memalign(alignment: size_t, size: size_t) -> *mut c_void;
}

fn unless_refused(memory: *mut c_void, size: size_t) -> *mut c_void {
    if memory.is_null() && size != 0 && ENDS.load(Ordering::Relaxed) {
        end(size);
    }
    memory
}

/// Neither allocates nor waits for a lock: whoever has one may be the thread that wants memory.
fn end(size: size_t) -> ! {
    let mut line = [0; 64];
    let mut rest = &mut line[..];
    let _ = writeln!(rest, "{size} bytes of memory were refused");
    let length = 64 - rest.len();
    // SAFETY: writes bytes that are there, and ends the process without running anything else of it.
    unsafe {
        libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), length);
        libc::_exit(NO_MEMORY_STATUS)
    }
}

// SAFETY of all below: what the caller promises to C's function of this name is passed on as it is.

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: size_t) -> *mut c_void {
    unless_refused(unsafe { __libc_malloc(size) }, size)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: size_t, size: size_t) -> *mut c_void {
    unless_refused(unsafe { __libc_calloc(count, size) }, count.saturating_mul(size))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, size: size_t) -> *mut c_void {
    unless_refused(unsafe { __libc_realloc(old, size) }, size)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memalign(alignment: size_t, size: size_t) -> *mut c_void {
    unless_refused(unsafe { __libc_memalign(alignment, size) }, size)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(alignment: size_t, size: size_t) -> *mut c_void {
    unless_refused(unsafe { __libc_memalign(alignment, size) }, size)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(
    memory: *mut *mut c_void,
    alignment: size_t,
    size: size_t,
) -> c_int {
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<*mut c_void>()) {
        return libc::EINVAL;
    }
    let got = unless_refused(unsafe { __libc_memalign(alignment, size) }, size);
    if got.is_null() {
        return libc::ENOMEM;
    }
    unsafe { *memory = got };
    0
}

/// Rust's standard library asks here for what each of its threads needs to handle signals, and panics without it.
#[unsafe(no_mangle)]
unsafe extern "C" fn mmap64(
    address: *mut c_void,
    size: size_t,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: off64_t,
) -> *mut c_void {
    let memory = unsafe {
        libc::syscall(libc::SYS_mmap, address, size, protection, flags, file, offset) as *mut c_void
    };
    let is_refused = memory == libc::MAP_FAILED
        && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOMEM);
    unless_refused(if is_refused { null_mut() } else { memory }, size);
    memory
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlimit::Resource;
    use std::process::Command;

    /// Names the way in which the process of [`what_wants_too_much`] asks for memory.
    const WAY: &str = "MEGURUMI_TEST_MEMORY";
    const LIMIT: u64 = 1 << 30;
    const TOO_MUCH: usize = 3 << 29;

    #[test]
    fn whoever_is_refused_memory_ends_the_process_by_the_name_of_it() {
        for way in ["rust", "c", "zeroed", "larger", "aligned", "pages", "libav"] {
            // The limit is for good, so it is another process that has it.
            let run = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "memory::tests::what_wants_too_much", "--nocapture"])
                .env(WAY, way)
                .output()
                .unwrap();
            assert_eq!(run.status.code(), Some(NO_MEMORY_STATUS), "{way}: {run:?}");
            let log = String::from_utf8_lossy(&run.stderr);
            assert!(log.ends_with("bytes of memory were refused\n"), "{way}: {log}");
        }
    }

    #[test]
    fn what_wants_too_much() {
        // On its own it has nothing to do: see the test above.
        let Ok(way) = std::env::var(WAY) else { return };
        Resource::AS.set(LIMIT, LIMIT).unwrap();
        // SAFETY: nothing is done with the memory that is asked for.
        let ask = move || unsafe {
            match way.as_str() {
                "rust" => Box::into_raw(Box::<[u8]>::new_uninit_slice(TOO_MUCH)).cast(),
                "c" => libc::malloc(TOO_MUCH),
                "zeroed" => libc::calloc(TOO_MUCH, 1),
                "larger" => libc::realloc(libc::malloc(1), TOO_MUCH),
                "aligned" => {
                    let mut memory = null_mut();
                    libc::posix_memalign(&mut memory, 64, TOO_MUCH);
                    memory
                }
                "pages" => {
                    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                    libc::mmap64(null_mut(), TOO_MUCH, libc::PROT_NONE, flags, -1, 0)
                }
                _ => ffmpeg_next::ffi::av_malloc(TOO_MUCH),
            }
            .is_null()
        };
        // Before it is final, a refusal is an answer.
        let mut hoard: Vec<u8> = Vec::new();
        assert!(hoard.try_reserve_exact(TOO_MUCH).is_err());
        end_when_refused();
        let was_refused = std::thread::spawn(ask).join();
        panic!("went on after {was_refused:?}");
    }
}
