//! What an error of Redis means: nothing was written, or nobody knows.

use parcelwire_engine::ports::PortError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What is known after `error`. A server that refuses says so before it does anything; whoever heard
/// nothing does not know, and neither does one whose script broke off.
pub(super) fn port_error(error: &RedisError) -> PortError {
    let why = told(error);
    if refused_before(error) { PortError::NotApplied { why } } else { PortError::Unknown { why } }
}

fn told(error: &RedisError) -> String {
    let text = error.to_string();
    match error.code() {
        Some(code) if !text.contains(code) => format!("{code}: {text}"),
        _ => text,
    }
}

/// Codes that come instead of an execution.
const REFUSALS: [&str; 8] =
    ["OOM", "NOAUTH", "WRONGPASS", "MISCONF", "NOREPLICAS", "BUSY", "NOPERM", "DENIED"];

fn refused_before(error: &RedisError) -> bool {
    let is_known = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
                | ServerErrorKind::NoScript
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::CrossSlot
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::NoPerm,
        ) | ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::NoValidReplicasFoundBySentinel
            | ErrorKind::EmptySentinelList
            | ErrorKind::RESP3NotSupported
            | ErrorKind::ClusterConnectionNotFound
    );
    is_known || error.code().is_some_and(|code| REFUSALS.contains(&code))
}

/// Whether the script is not there: after a restart, or on a server that is asked the first time.
pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Whether this connection is of no more use: it broke, or leads to a server that is no master any
/// more.
pub(super) fn wants_new_connection(error: &RedisError) -> bool {
    let kinds = [
        ErrorKind::Server(ServerErrorKind::ReadOnly),
        ErrorKind::Server(ServerErrorKind::MasterDown),
        ErrorKind::AuthenticationFailed,
        ErrorKind::ClusterConnectionNotFound,
        ErrorKind::Parse,
    ];
    error.is_io_error() || error.is_connection_dropped() || kinds.contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> PortError {
        let error = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        let error = error.and_then(redis::Value::extract_error).expect_err("it is one");
        port_error(&error)
    }

    #[test]
    fn a_server_that_refuses_wrote_nothing() {
        for line in [
            "LOADING Redis is loading the dataset in memory",
            "READONLY You can't write against a read only replica.",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "CLUSTERDOWN The cluster is down",
            "MASTERDOWN Link with MASTER is down",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "MISCONF Errors writing to the AOF file: No space left on device",
            "NOREPLICAS Not enough good replicas to write.",
            "NOPERM User relay has no permissions to run the 'evalsha' command",
            "BUSY Redis is busy running a script.",
        ] {
            let told = told(line);
            let code = line.split(' ').next().unwrap_or_default();
            assert!(matches!(&told, PortError::NotApplied { why } if why.contains(code)), "{told}");
        }
    }

    #[test]
    fn a_script_that_broke_off_and_a_silent_server_leave_it_open() {
        let broke = told("ERR user_script:7: attempt to index a nil value");
        assert!(matches!(broke, PortError::Unknown { .. }), "{broke}");
        let silent = RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert!(matches!(port_error(&silent), PortError::Unknown { .. }));
        assert!(wants_new_connection(&silent));
    }
}
