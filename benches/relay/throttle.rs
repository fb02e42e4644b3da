//! Holds a process to a tenth of a core: by a control group where this user may make one, else by stopping
//! it for nine tenths of the time.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// A turn, and the part of it in which the process may run.
const TURN: Duration = Duration::from_millis(100);
const RUNS: Duration = Duration::from_millis(10);

pub(crate) enum Throttle {
    Group { path: PathBuf, pid: u32 },
    Pulse { ended: Arc<AtomicBool>, thread: Option<JoinHandle<()>> },
}

impl Throttle {
    /// How processes are held here.
    pub(crate) fn how() -> &'static str {
        let Some(probe) = group("probe") else {
            return "SIGSTOP and SIGCONT (10 ms of each 100 ms)";
        };
        drop(fs::remove_dir(probe));
        "a control group (10 ms of each 100 ms)"
    }

    pub(crate) fn on(pid: u32) -> Self {
        match group(&pid.to_string()) {
            Some(path) => {
                fs::write(path.join("cgroup.procs"), pid.to_string()).expect("it may join");
                Self::Group { path, pid }
            }
            None => Self::pulse(pid),
        }
    }

    fn pulse(pid: u32) -> Self {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process");
        let ended = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            // A process that has ended hears nothing: that ends it, too.
            while !over.load(Ordering::Relaxed) && kill_process(pid, Signal::CONT).is_ok() {
                std::thread::sleep(RUNS);
                if kill_process(pid, Signal::STOP).is_ok() {
                    std::thread::sleep(TURN.saturating_sub(RUNS));
                }
            }
            if let Err(error) = kill_process(pid, Signal::CONT) {
                eprintln!("a relay has ended: {error}");
            }
        });
        Self::Pulse { ended, thread: Some(thread) }
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        match self {
            // Only an empty group can be removed.
            Self::Group { path, pid } => {
                let above = path.parent().unwrap_or(path).join("cgroup.procs");
                drop(fs::write(above, pid.to_string()));
                drop(fs::remove_dir(path));
            }
            Self::Pulse { ended, thread } => {
                ended.store(true, Ordering::Relaxed);
                drop(thread.take().map(JoinHandle::join));
            }
        }
    }
}

/// A control group of either version with the limit set.
fn group(name: &str) -> Option<PathBuf> {
    let name = format!("parcelwire-bench-{name}");
    let turn = TURN.as_micros();
    let runs = RUNS.as_micros();
    let old = Path::new("/sys/fs/cgroup/cpu").join(&name);
    if fs::create_dir(&old).is_ok()
        && fs::write(old.join("cpu.cfs_quota_us"), runs.to_string()).is_ok()
    {
        return Some(old);
    }
    let new = Path::new("/sys/fs/cgroup").join(&name);
    let made = fs::create_dir(&new).is_ok();
    if made && fs::write(new.join("cpu.max"), format!("{runs} {turn}")).is_ok() {
        return Some(new);
    }
    if made {
        drop(fs::remove_dir(&new));
    }
    None
}
