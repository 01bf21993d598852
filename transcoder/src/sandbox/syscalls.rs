//! The system calls a decoder needs, and no others. What is not on the list fails with EPERM, so that a library that merely
//! tries something (a priority, a name) goes on.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::env::consts::ARCH;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Error = Box<dyn std::error::Error>;

/// Files, memory, threads of our own, clocks. Which files is landlock's matter.
const ALWAYS: &[i64] = &[
    // files already open or below the one folder
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_openat,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fcntl,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_unlinkat,
    libc::SYS_getdents64,
    libc::SYS_faccessat,
    libc::SYS_dup,
    libc::SYS_getcwd,
    libc::SYS_ppoll,
    libc::SYS_readlinkat,
    // memory
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // threads
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_membarrier,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_set_tid_address,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // signals: abort() raises one at its own thread
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // clocks, chance, facts
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_uname,
    libc::SYS_sysinfo,
];

/// Older names of the same calls, which only x86-64 has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[i64] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_poll,
    libc::SYS_unlink,
    libc::SYS_readlink,
    libc::SYS_time,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[i64] = &[];

/// Installs the filters, which also sets `no_new_privs`.
pub fn limit() -> Result<bool, Error> {
    // clone3 passes its flags by pointer, where a filter cannot look. "No such call" makes glibc take clone instead.
    let absent = Rules::from([(libc::SYS_clone3, vec![])]);
    install(absent, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    install(allowed()?, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)?;
    Ok(true)
}

fn allowed() -> Result<Rules, Error> {
    let mut rules: Rules = ALWAYS.iter().chain(OLDER).map(|&call| (call, vec![])).collect();
    rules.insert(libc::SYS_clone3, vec![]);
    // A thread, never a process.
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![rule(0, Op::MaskedEq(thread), thread)?]);
    let process_settings = [libc::PR_SET_NAME, libc::PR_SET_VMA]
        .into_iter()
        .map(|setting| rule(0, Op::Eq, setting as u64));
    rules.insert(libc::SYS_prctl, process_settings.collect::<Result<_, _>>()?);
    // Reading limits (glibc asks for the stack's), not raising them.
    rules.insert(libc::SYS_prlimit64, vec![rule(2, Op::Eq, 0)?]);
    // Of the calling thread alone, which can only stand back further.
    rules.insert(libc::SYS_getpriority, vec![]);
    let own = [condition(0, Op::Eq, libc::PRIO_PROCESS as u64)?, condition(1, Op::Eq, 0)?];
    rules.insert(libc::SYS_setpriority, vec![SeccompRule::new(own.into())?]);
    rules.insert(libc::SYS_tgkill, vec![rule(0, Op::Eq, u64::from(std::process::id()))?]);
    Ok(rules)
}

fn rule(argument: u8, operation: Op, value: u64) -> Result<SeccompRule, Error> {
    Ok(SeccompRule::new(vec![condition(argument, operation, value)?])?)
}

fn condition(argument: u8, operation: Op, value: u64) -> Result<SeccompCondition, Error> {
    Ok(SeccompCondition::new(argument, Len::Qword, operation, value)?)
}

fn install(rules: Rules, otherwise: SeccompAction, on_match: SeccompAction) -> Result<(), Error> {
    let filter = SeccompFilter::new(rules, otherwise, on_match, TargetArch::try_from(ARCH)?)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter_all_threads(&program)?)
}
