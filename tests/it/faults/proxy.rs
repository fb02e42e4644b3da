//! A way between two that talk over TCP, in which everything can happen: it is slow, silent, cut in the
//! middle of a word, or answers for the other side.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// Most bytes that are taken at once: a long command comes in several pieces.
const PIECE: usize = 4096;

/// The way to one server, on a port of its own.
pub(super) struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    hurt: Arc<AtomicU64>,
    serving: JoinHandle<()>,
}

/// Who is at the other end.
#[derive(Debug, Clone)]
pub(super) enum Other {
    Port(u16),
    Socket(PathBuf),
}

/// How it is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Everything passes.
    Open,
    /// Each piece takes this long.
    Slow(Duration),
    /// Nothing passes. Who waits is cut off when this is over.
    Silent,
    /// Whoever comes is reset, and so is whoever speaks.
    Closed,
    /// Of every so many-th piece this many bytes pass, then the connection is reset.
    Cut { side: Side, every: u64, after: usize },
    /// Every request is answered with this, for ever, and the other side hears nothing of it.
    Endless(&'static str),
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Answer,
}

impl Proxy {
    /// An open way to `other`.
    pub(super) async fn start(other: Other) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
        let port = listener.local_addr().expect("an address").port();
        let (state, states) = watch::channel(State::Open);
        let hurt = Arc::new(AtomicU64::new(0));
        let way = Way { states, pieces: Arc::default(), hurt: Arc::clone(&hurt) };
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                drop(tokio::spawn(way.clone().carry(client, other.clone())));
            }
        });
        Self { port, state, hurt, serving }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// How often somebody was not served as they should be.
    pub(super) fn hurt(&self) -> u64 {
        self.hurt.load(Ordering::Relaxed)
    }

    /// From now on it is like this.
    pub(super) fn be(&self, state: State) {
        self.state.send_replace(state);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What one connection knows.
#[derive(Clone)]
struct Way {
    states: watch::Receiver<State>,
    /// Counted over all connections: a new one goes on where the last was cut.
    pieces: Arc<AtomicU64>,
    hurt: Arc<AtomicU64>,
}

impl Way {
    /// Carries what is said until either ends, or it is cut.
    async fn carry(self, mut client: TcpStream, other: Other) {
        drop(client.set_nodelay(true));
        let state = *self.states.borrow();
        match state {
            State::Closed => self.hurts(),
            State::Endless(answer) => {
                self.hurts();
                self.answer(&mut client, answer).await;
            }
            State::Open | State::Slow(_) | State::Silent | State::Cut { .. } => match other {
                Other::Port(port) => {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                        drop(server.set_nodelay(true));
                        self.between(&mut client, server).await;
                    }
                }
                Other::Socket(path) => {
                    if let Ok(server) = UnixStream::connect(path).await {
                        self.between(&mut client, server).await;
                    }
                }
            },
        }
        // What is not sent by now never is, as when a cable is pulled.
        drop(client.set_zero_linger());
    }

    async fn between(&self, client: &mut TcpStream, server: impl AsyncRead + AsyncWrite) {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = tokio::io::split(server);
        tokio::select! {
            () = self.pass(from_client, to_server, Side::Request) => {}
            () = self.pass(from_server, to_client, Side::Answer) => {}
        }
    }

    async fn pass(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        speaks: Side,
    ) {
        let mut states = self.states.clone();
        let mut piece = [0; PIECE];
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            let mut passes = read;
            let state = *states.borrow_and_update();
            match state {
                State::Open => {}
                State::Slow(each) => {
                    self.hurts();
                    tokio::time::sleep(each).await;
                }
                State::Silent => {
                    self.hurts();
                    drop(states.changed().await);
                    return;
                }
                State::Closed | State::Endless(_) => {
                    self.hurts();
                    return;
                }
                State::Cut { side, every, after } => {
                    let is_one = side == speaks && {
                        let number = self.pieces.fetch_add(1, Ordering::Relaxed);
                        number % every == every - 1
                    };
                    if is_one && after < read {
                        self.hurts();
                        passes = after;
                    }
                }
            }
            let is_cut = passes < read;
            if to.write_all(&piece[..passes]).await.is_err() || is_cut {
                return;
            }
        }
    }

    fn hurts(&self) {
        self.hurt.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers by itself for as long as it is so and somebody listens.
    async fn answer(&self, client: &mut TcpStream, answer: &'static str) {
        let mut some = [0; PIECE];
        drop(client.read(&mut some).await);
        let mut states = self.states.clone();
        let told = async {
            let mut said = client.write_all(answer.as_bytes()).await;
            while said.is_ok() {
                said = client.write_all(&[b'x'; PIECE]).await;
            }
        };
        tokio::select! {
            () = told => {}
            _ = states.wait_for(|state| *state != State::Endless(answer)) => {}
        }
    }
}
