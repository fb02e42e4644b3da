//! A clock of a process that jumps while it runs, by libfaketime. What measures durations is left alone, as when
//! an administrator or a time server sets a machine's clock.

use std::path::{Path, PathBuf};

/// A file that says how far the clock is off.
#[derive(Debug)]
pub(super) struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock that is right, in this directory.
    pub(super) fn start(directory: &Path) -> Self {
        let clock = Self { file: directory.join("clock") };
        clock.be_off(0);
        clock
    }

    /// From now on it is so many seconds ahead, or behind.
    pub(super) fn be_off(&self, seconds: i64) {
        // Put in its place as a whole: it is read at every look at the clock.
        let beside = self.file.with_extension("new");
        std::fs::write(&beside, format!("{seconds:+}\n")).expect("it is written");
        std::fs::rename(beside, &self.file).expect("it is put in place");
    }

    /// What a process must find in its environment.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let file = self.file.display().to_string();
        // With libc's own allocator: Redis' asks for the time before the library is ready to tell it.
        let preload = format!("{}:libc.so.6", library());
        let pairs = [
            ("LD_PRELOAD", preload.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", file.as_str()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        pairs.into()
    }
}

/// Where Debian puts the library, for whatever kind of machine.
fn library() -> String {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let found = folders
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists());
    found.expect("faketime is installed (hint: `make packages`)").display().to_string()
}
