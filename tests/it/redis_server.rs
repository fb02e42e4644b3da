//! A real redis-server as a child process, in a directory of its own, gone with the test.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    process::{Child, Command},
};

use crate::harness::PATIENCE;

pub(crate) struct RedisServer {
    child: Child,
    directory: tempfile::TempDir,
}

impl RedisServer {
    /// As durable as can be; comes back when it takes commands.
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let child = run(directory.path()).await;
        Self { child, directory }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.directory.path().join("redis.sock").display())
    }

    /// FLUSHALL: everything is gone, and the server goes on.
    pub(crate) async fn forget(&self) {
        let socket = self.directory.path().join("redis.sock");
        let mut stream = UnixStream::connect(socket).await.expect("it listens");
        stream.write_all(b"FLUSHALL SYNC\r\n").await.expect("it is told");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.expect("it answers");
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// SIGKILL, and a start on what is on its disk.
    pub(crate) async fn fall_over(&mut self) {
        self.child.kill().await.expect("it is killed");
        self.child = run(self.directory.path()).await;
    }
}

async fn run(directory: &std::path::Path) -> Child {
    let mut child = Command::new("redis-server")
        .args(["--port", "0", "--unixsocket", "redis.sock", "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is installed (hint: `make packages`)");
    let mut told = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let ready = async {
        while let Some(line) = told.next_line().await.expect("it is read") {
            if line.contains("eady to accept connections") {
                return true;
            }
        }
        false
    };
    let ready = tokio::time::timeout(PATIENCE, ready).await;
    assert!(ready.is_ok_and(|ready| ready), "redis-server starts");
    child
}
