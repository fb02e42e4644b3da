//! Connections from outside: no more of them than there is room for. When it gets tight, those that
//! have been silent longest give way, so that a flood of idle ones shuts nobody out.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

/// This part of them gives way at once: looking for the most silent ones is not done for each.
const SHARE: usize = 16;

/// Under a flood it is told so often.
const TELL_AGAIN_MS: u64 = 60_000;

/// A connection with a request under way is counted as less silent than any without.
const BUSY: u64 = 1 << 63;

/// All that are open.
pub(super) struct Connections {
    most: usize,
    began: Instant,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    /// When it was last told that it gets tight, in milliseconds.
    told: Option<u64>,
    links: BTreeMap<u64, Arc<Link>>,
}

/// What is known of a connection beside its socket.
#[derive(Default)]
struct Link {
    /// When something was last heard or said, in milliseconds, and [`BUSY`].
    heard: AtomicU64,
    given_up: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

/// A connection that can be given up from outside: it then ends as if its sender had gone.
pub(super) struct Connection {
    socket: TcpStream,
    number: u64,
    link: Arc<Link>,
    all: Arc<Connections>,
}

impl Connections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let open = Mutex::new(Open::default());
        Arc::new(Self { most: most.max(1), began: Instant::now(), open })
    }

    /// Takes a new one in; the most silent ones make room for it.
    pub(super) fn take(self: &Arc<Self>, socket: TcpStream) -> Connection {
        let link = Arc::new(Link::default());
        link.heard.store(self.now(), Ordering::Relaxed);
        let number = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.links.len() >= self.most {
                open.make_room(self.most.div_ceil(SHARE));
                open.tell(self.now());
            }
            let number = open.next;
            open.next += 1;
            open.links.insert(number, Arc::clone(&link));
            number
        };
        Connection { socket, number, link, all: Arc::clone(self) }
    }

    /// Gives up those that were silent for too long, for as long as there is anybody here: within a
    /// request, or after one whose end nobody waits for any more.
    pub(super) async fn sweep(all: Weak<Self>, within: Duration, after: Duration) {
        loop {
            tokio::time::sleep(within / 4).await;
            let Some(all) = all.upgrade() else { return };
            let now = all.now();
            let is_silent = |heard: u64| match heard & BUSY {
                BUSY => now.saturating_sub(heard & !BUSY) > millis(within),
                _ => now.saturating_sub(heard) > millis(after),
            };
            let mut open = all.open.lock().unwrap_or_else(PoisonError::into_inner);
            let mut silent = open.all();
            silent.retain(|(heard, _)| is_silent(*heard));
            open.give_up(silent);
        }
    }

    fn now(&self) -> u64 {
        millis(self.began.elapsed())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Open {
    fn make_room(&mut self, count: usize) {
        let mut silent = self.all();
        silent.sort_unstable();
        silent.truncate(count);
        self.give_up(silent);
    }

    /// When each was heard last, with its number.
    fn all(&self) -> Vec<(u64, u64)> {
        let heard = |link: &Link| link.heard.load(Ordering::Relaxed);
        self.links.iter().map(|(number, link)| (heard(link), *number)).collect()
    }

    fn give_up(&mut self, silent: Vec<(u64, u64)>) {
        for (_, number) in silent {
            if let Some(link) = self.links.remove(&number) {
                link.give_up();
            }
        }
    }

    /// Tells the operator, now and then.
    fn tell(&mut self, now: u64) {
        if self.told.is_none_or(|told| now - told >= TELL_AGAIN_MS) {
            self.told = Some(now);
            tracing::warn!(
                open = self.links.len(),
                "there is no room for more connections: those that are silent longest are closed"
            );
        }
    }
}

impl Link {
    fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }
}

impl Connection {
    /// The sender's address.
    pub(super) fn peer(&self) -> Option<std::net::SocketAddr> {
        self.socket.peer_addr().ok()
    }

    fn heard(&self, state: u64) {
        self.link.heard.store(self.all.now() | state, Ordering::Relaxed);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.open.lock().unwrap_or_else(PoisonError::into_inner).links.remove(&self.number);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(context, buffer);
        if read.is_ready() {
            if buffer.filled().len() > before {
                this.heard(BUSY);
            }
            return read;
        }
        let mut reader = this.link.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if !reader.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *reader = Some(context.waker().clone());
        }
        drop(reader);
        // Asked after the waker is in its place: else giving up in between would go unheard.
        if this.link.is_given_up() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(context, bytes);
        if written.is_ready() {
            this.heard(0);
        } else if this.link.is_given_up() {
            // It does not read what it is told.
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
