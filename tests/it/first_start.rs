//! A relay with nothing set up at all.

use std::{fs, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use crate::harness::{PATIENCE, answer, client};

struct Started {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    /// What it said until it served.
    said: Vec<String>,
    port: u16,
}

/// `parcelwire serve` in a folder, in an environment that only names the port.
async fn start(directory: &Path) -> Started {
    let mut child = Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .arg("serve")
        .current_dir(directory)
        .env_clear()
        .env("PARCELWIRE__HTTP__PORT", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut said = Vec::new();
    let listening = async {
        loop {
            let line = lines.next_line().await.expect("text");
            let line = line.unwrap_or_else(|| panic!("it ended: {said:#?}"));
            let port = line.split_once("serving port=").map(|(_, port)| port.trim().to_owned());
            said.push(line);
            if let Some(port) = port {
                return port.parse().expect("a port");
            }
        }
    };
    let port = tokio::time::timeout(PATIENCE, listening).await.expect("it serves");
    Started { child, lines, said, port }
}

impl Started {
    /// Ends it; all that it said, and what it wrote to stdout.
    async fn end(mut self) -> (Vec<String>, String) {
        self.child.start_kill().expect("it is killed");
        while let Ok(Some(line)) = self.lines.next_line().await {
            self.said.push(line);
        }
        let output = self.child.wait_with_output().await.expect("it ends");
        (self.said, String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

#[tokio::test]
async fn it_starts_with_no_file_and_says_how_to_go_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let started = start(directory.path()).await;
    let url = format!("http://127.0.0.1:{}", started.port);
    let ready = answer(client().get(format!("{url}/readyz")).send().await).await;
    assert_eq!(ready.status, 200);
    // The token it made opens the API, and is kept as a hash only.
    let shown = started.said.iter().find_map(|line| line.split("shown this once: ").nth(1));
    let token = shown.expect("it is shown").trim().to_owned();
    let stats = format!("{url}/api/v1/stats");
    assert_eq!(answer(client().get(&stats).bearer_auth(&token).send().await).await.status, 200);
    assert_eq!(answer(client().get(&stats).bearer_auth("another").send().await).await.status, 401);
    let (said, printed) = started.end().await;
    assert!(said.iter().any(|line| line.contains("config/merchants")), "{said:#?}");
    assert_eq!(printed, "", "nothing of this is data");
    for entry in fs::read_dir(directory.path().join("data")).expect("it is there") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("it is read");
        let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!found, "{} holds the token", path.display());
    }
    // At the second start it is known and not shown.
    let again = start(directory.path()).await;
    let stats = format!("http://127.0.0.1:{}/api/v1/stats", again.port);
    assert_eq!(answer(client().get(&stats).bearer_auth(&token).send().await).await.status, 200);
    let (said, _) = again.end().await;
    assert!(!said.iter().any(|line| line.contains("token")), "{said:#?}");
}
