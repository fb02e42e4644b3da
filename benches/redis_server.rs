//! A redis-server of a benchmark's own, as durable as it is told to be.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub(crate) struct RedisServer {
    child: Child,
    socket: PathBuf,
}

impl RedisServer {
    /// `fsync` is `everysec` or `always`; comes back when it takes commands.
    pub(crate) fn start(directory: &Path, fsync: &str) -> Self {
        let socket = directory.join("redis.sock");
        let mut child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", fsync])
            // A rewrite of a file that grows in an hour what it grows in a year is none of our business.
            .args(["--auto-aof-rewrite-percentage", "0", "--unixsocket"])
            .arg(&socket)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed (hint: `make packages`)");
        let mut told = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let ready = told.any(|line| line.is_ok_and(|line| line.contains("eady to accept")));
        assert!(ready, "redis-server starts");
        drop(std::thread::spawn(move || told.for_each(drop)));
        Self { child, socket }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
