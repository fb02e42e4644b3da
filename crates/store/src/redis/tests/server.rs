//! A real redis-server as a child process, in a directory of its own, gone with the test.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// What a server says when it takes commands.
const READY: &str = "eady to accept connections";

/// One server.
pub(crate) struct Server {
    child: Child,
    /// Gone with the server.
    _directory: tempfile::TempDir,
    arguments: Vec<String>,
    url: String,
}

impl Server {
    /// Starts one on a socket in its directory, as durable as can be, and as `more` says.
    pub(crate) fn start(more: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = text(&directory.path().join("redis.sock"));
        let url = format!("redis+unix://{socket}");
        let mut arguments = vec!["--port", "0", "--unixsocket", &socket];
        arguments.extend(more);
        Self::start_in(directory, &arguments, &url)
    }

    /// Starts one as `arguments` say, reached at `url`.
    pub(crate) fn start_on(arguments: &[&str], url: &str) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), arguments, url)
    }

    /// A sentinel that looks after the master `relay`.
    pub(crate) fn sentinel(port: &str, master: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("sentinel.conf");
        let rules = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor relay 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds relay 500\nsentinel failover-timeout relay 2000\n",
            directory.path().display()
        );
        std::fs::write(&file, rules).expect("it is written");
        let arguments = vec![text(&file), "--sentinel".to_owned()];
        let child = run(&arguments, "Sentinel ID is");
        let url = format!("redis://127.0.0.1:{port}");
        Self { child, _directory: directory, arguments, url }
    }

    fn start_in(directory: tempfile::TempDir, more: &[&str], url: &str) -> Self {
        let place = text(directory.path());
        let durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
        let mut arguments: Vec<String> = durable.map(str::to_owned).to_vec();
        arguments.extend(["--bind", "127.0.0.1", "--dir", &place].map(str::to_owned));
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        let child = run(&arguments, READY);
        Self { child, _directory: directory, arguments, url: url.to_owned() }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// What it was started with.
    pub(crate) fn argument(&self, name: &str) -> &str {
        let at = self.arguments.iter().position(|argument| argument == name);
        at.and_then(|at| self.arguments.get(at + 1)).expect("it was given")
    }

    /// SIGSTOP: it is there, and says nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is waited for");
    }

    /// Starts it again without any data.
    pub(crate) fn start_empty(&mut self) {
        let place = self.argument("--dir").to_owned();
        let kept = std::fs::read_dir(&place).expect("it is there");
        for kept in kept.flatten().map(|kept| kept.path()).filter(|kept| kept.is_dir()) {
            std::fs::remove_dir_all(kept).expect("it goes");
        }
        self.start_again();
    }

    /// Starts it again on the same data.
    pub(crate) fn start_again(&mut self) {
        self.child = run(&self.arguments, READY);
    }

    /// One command, past the store.
    pub(crate) fn ask(&self, command: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url()).expect("an address");
        let mut connection = client.get_connection().expect("it answers");
        let mut asked = redis::cmd(command[0]);
        asked.arg(&command[1..]);
        asked.query(&mut connection).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path").to_owned()
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    socket.local_addr().expect("an address").port()
}

/// Asks until it is so, or fails.
pub(crate) async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect(what);
}

/// Comes back when it takes commands.
fn run(arguments: &[String], ready: &str) -> Child {
    let mut child = Command::new("redis-server")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed (hint: `make packages`)");
    let told = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut log = String::new();
    let is_ready = told.lines().any(|line| {
        let line = line.expect("it is read");
        log.push_str(&line);
        log.push('\n');
        line.contains(ready)
    });
    if !is_ready {
        drop(child.wait());
        panic!("redis-server does not start: {log}");
    }
    child
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
