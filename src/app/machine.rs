//! What the machine grants this process.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs as _},
};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::{
    net::TcpSocket,
    signal::unix::{SignalKind, signal},
};

use super::StartError;

/// A quarter of all open files is kept back for the store, rule files, requests to destinations and
/// connections that come and go: no fewer and no more than this.
const KEPT_BACK: (usize, usize) = (160, 1024);

/// Connections that may wait to be taken in.
const BACKLOG: u32 = 1024;

/// Raises the limit of open files as far as it goes; answers how many of them connections may be.
pub(crate) fn room_for_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok());
    let room = |files: usize| files.saturating_sub((files / 4).clamp(KEPT_BACK.0, KEPT_BACK.1));
    files.map_or(wanted, |files| wanted.min(room(files))).max(1)
}

/// Lets a write beyond the limit of a file's size fail like one to a full disk, instead of ending
/// the process.
pub(super) fn outlive_full_files() -> io::Result<()> {
    // The handler stays in place when nobody listens any more.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// Listens on the first address of `host` that can be had.
#[expect(clippy::wildcard_enum_match_arm, reason = "the kinds of errors are not ours to list")]
pub(super) fn listen(host: &str, port: u16) -> Result<TcpListener, StartError> {
    let listening = addresses(host, port).and_then(|addresses| {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match listen_on(address) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(last)
    });
    listening.map_err(|source| {
        let hint = match source.kind() {
            io::ErrorKind::AddrInUse => "another program uses this port: stop it, or set http.port",
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need rights: set http.port to a higher one"
            }
            _ => "check http.bind and http.port",
        };
        StartError::Listen { address: format!("{host}:{port}"), hint, source }
    })
}

fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
        Err(_) => Ok((host, port).to_socket_addrs()?.collect()),
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
