//! A real redis-server as a child process, in a directory of its own, gone with the test.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    process::{Child, Command},
};

use crate::harness::PATIENCE;

/// What a server says when it takes commands, and what a sentinel says.
const READY: [&str; 2] = ["eady to accept connections", "Sentinel ID is"];

pub(crate) struct RedisServer {
    child: Child,
    directory: tempfile::TempDir,
    surroundings: Surroundings,
    arguments: Vec<String>,
    /// Where it is asked past the store, as redis-cli takes it.
    address: [String; 2],
}

/// What a server lives in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// A program with arguments that starts it, if one is to.
    pub(crate) through: Vec<String>,
    /// What it finds in its environment.
    pub(crate) environment: Vec<(String, String)>,
}

impl RedisServer {
    /// As durable as can be; comes back when it takes commands.
    pub(crate) async fn start() -> Self {
        Self::start_with(&["--appendfsync", "always"]).await
    }

    /// With an append-only file, and as `more` says.
    pub(crate) async fn start_with(more: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::start_within(directory, more, Surroundings::default()).await
    }

    /// The same in a directory that is there, in other surroundings.
    pub(crate) async fn start_within(
        directory: tempfile::TempDir,
        more: &[&str],
        surroundings: Surroundings,
    ) -> Self {
        let socket = directory.path().join("redis.sock").display().to_string();
        // What comes later counts: a port, or another directory for its data.
        let usual = ["--port", "0", "--unixsocket", &socket, "--save", "", "--appendonly", "yes"];
        let arguments: Vec<String> =
            usual.iter().chain(more).map(|&argument| argument.to_owned()).collect();
        let child = run(directory.path(), &arguments, &surroundings).await;
        let address = ["-s".to_owned(), socket];
        Self { child, directory, surroundings, arguments, address }
    }

    /// A sentinel that looks after the master `relay` on this port.
    pub(crate) async fn sentinel(port: u16, master: u16) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let rules = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor relay 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds relay 1000\nsentinel failover-timeout relay 3000\n"
        );
        std::fs::write(directory.path().join("sentinel.conf"), rules).expect("it is written");
        let arguments = ["sentinel.conf", "--sentinel"].map(str::to_owned).to_vec();
        let surroundings = Surroundings::default();
        let child = run(directory.path(), &arguments, &surroundings).await;
        let address = ["-p".to_owned(), port.to_string()];
        Self { child, directory, surroundings, arguments, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// The socket in its directory.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
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
        self.kill().await;
        self.start_again().await;
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("it is killed");
    }

    /// SIGTERM, and waits for its end.
    pub(crate) async fn stop(&mut self) {
        self.signal(Signal::TERM);
        self.ended().await;
    }

    /// Comes back when it has ended, whyever it does.
    pub(crate) async fn ended(&mut self) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends").expect("it is waited for");
    }

    /// A start on what is on its disk.
    pub(crate) async fn start_again(&mut self) {
        self.child = run(self.directory.path(), &self.arguments, &self.surroundings).await;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
        kill_process(pid.and_then(Pid::from_raw).expect("a process"), signal).expect("it hears");
    }

    /// What it answers to a command, past the store.
    pub(crate) async fn ask(&self, command: &[&str]) -> String {
        let asked = Command::new("redis-cli").args(&self.address).args(command).output().await;
        let told = asked.expect("redis-cli is installed (hint: `make packages`)");
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    socket.local_addr().expect("an address").port()
}

async fn run(directory: &Path, arguments: &[String], surroundings: &Surroundings) -> Child {
    let mut command = match surroundings.through.split_first() {
        Some((program, before)) => {
            let mut command = Command::new(program);
            command.args(before).arg("redis-server");
            command
        }
        None => Command::new("redis-server"),
    };
    let mut child = command
        .args(arguments)
        .envs(surroundings.environment.iter().cloned())
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is installed (hint: `make packages`)");
    let mut told = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut log = String::new();
    let ready = async {
        while let Some(line) = told.next_line().await.expect("it is read") {
            if READY.iter().any(|ready| line.contains(ready)) {
                return true;
            }
            log.push_str(&line);
            log.push('\n');
        }
        false
    };
    let ready = tokio::time::timeout(PATIENCE, ready).await;
    assert!(ready.is_ok_and(|ready| ready), "redis-server starts: {log}");
    child
}
