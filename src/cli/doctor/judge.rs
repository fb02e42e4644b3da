//! What a measurement means. Pure: values in, findings out.

use std::time::Duration;

use jiff::SignedDuration;

use super::finding::Finding;

/// Senders' times may differ by five minutes; some allow less.
const CLOCK_FAILS: SignedDuration = SignedDuration::from_secs(60);
const CLOCK_WARNS: SignedDuration = SignedDuration::from_secs(5);

/// How far this clock is behind (or before) others.
pub(super) fn clock(of: &str, behind: SignedDuration) -> Finding {
    const HINT: &str = "let the machine keep its time by NTP (chrony, systemd-timesyncd); signatures with a time \
        in them are refused otherwise";
    let apart = behind.abs();
    let which = if behind.is_negative() { "before" } else { "behind" };
    let detail = format!("{:.1} s {which} {of}", apart.as_secs_f64());
    if apart > CLOCK_FAILS {
        Finding::fail("clock", detail, HINT)
    } else if apart > CLOCK_WARNS {
        Finding::warn("clock", detail, HINT)
    } else {
        Finding::ok("clock", detail)
    }
}

const MIB: u64 = 1 << 20;

/// Room on the disk of the data.
pub(super) fn room(free: u64, total: u64) -> Finding {
    const HINT: &str = "make room, move store.path to a larger disk, or keep less: retention.receipts_days, \
        retention.bodies_days";
    let percent = free.saturating_mul(100).checked_div(total).unwrap_or(0);
    let detail = format!("{} MiB free, {percent} % of its disk", free / MIB);
    if free < 100 * MIB || percent < 1 {
        return Finding::fail("disk", detail, HINT);
    }
    if free < 1024 * MIB || percent < 5 {
        return Finding::warn("disk", detail, HINT);
    }
    Finding::ok("disk", detail)
}

/// Slower, and webhooks are answered 503 as long as http.accept_deadline_ms is what it is by default.
const ACCEPT_DEADLINE: Duration = Duration::from_millis(2500);

/// How long a small write takes until it is on the disk.
pub(super) fn sync(took: Duration) -> Finding {
    let detail = format!("a write is durable after {:.1} ms", took.as_secs_f64() * 1000.0);
    const HINT: &str = "look what else writes to this disk, or take one with a faster sync: each webhook waits for it";
    if took > ACCEPT_DEADLINE {
        Finding::fail("sync", detail, HINT)
    } else if took > Duration::from_millis(50) {
        Finding::warn("sync", detail, HINT)
    } else {
        Finding::ok("sync", detail)
    }
}

/// Whether somebody can guess the admin token.
pub(super) fn token(token: &str) -> Finding {
    const HINT: &str =
        "take a random one, as of `openssl rand -hex 24`; or set none: then the relay makes one";
    let letters: std::collections::BTreeSet<char> = token.chars().collect();
    let length = token.chars().count();
    if length < 16 || letters.len() < 5 {
        return Finding::fail("admin_token", "it is easy to guess", HINT);
    }
    if length < 24 || letters.len() < 8 {
        return Finding::warn("admin_token", "it is short", HINT);
    }
    Finding::ok("admin_token", "long enough")
}

/// Who may read a secret: the rights of a file or folder.
pub(super) fn rights(path: &str, mode: u32, is_folder: bool) -> Finding {
    let wanted = if is_folder { "chmod 700" } else { "chmod 600" };
    let hint = format!("{wanted} {path}, owned by the user who runs the relay");
    match (mode & 0o007, mode & 0o070) {
        (0, 0) => Finding::ok("secrets", "for its owner alone"),
        (0, _) => Finding::warn("secrets", "its group may look into it", hint),
        (_, _) => Finding::fail("secrets", "everybody on this machine may look into it", hint),
    }
    .of(path)
}

/// Whether there are as many files as connections are wanted.
pub(super) fn files(wanted: usize, room: usize) -> Finding {
    let detail = format!("{room} connections at once");
    if room >= wanted {
        return Finding::ok("files", detail);
    }
    let hint = "raise the hard limit of open files (`ulimit -Hn`, LimitNOFILE= of systemd), or lower \
        http.max_connections";
    Finding::warn("files", format!("{detail}, where http.max_connections is {wanted}"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn clocks_may_differ_by_seconds() {
        for (millis, level) in [
            (0, Level::Ok),
            (5_000, Level::Ok),
            (-5_001, Level::Warn),
            (60_000, Level::Warn),
            (60_001, Level::Fail),
            (-3_600_000, Level::Fail),
        ] {
            assert_eq!(clock("x", SignedDuration::from_millis(millis)).level, level, "{millis}");
        }
        let behind = clock("the store", SignedDuration::from_secs(90));
        assert_eq!(behind.detail, "90.0 s behind the store");
        assert!(behind.hint.contains("NTP"));
    }

    #[test]
    fn room_is_judged_by_what_is_free_and_by_its_part() {
        for (free, total, level) in [
            (99 * MIB, 10_000 * MIB, Level::Fail),
            (100 * MIB, 1_000 * MIB, Level::Warn),
            (1024 * MIB, 10_000 * MIB, Level::Ok),
            (1024 * MIB, 100_000 * MIB, Level::Warn),
            (1024 * MIB, 1_000_000 * MIB, Level::Fail),
            (0, 0, Level::Fail),
        ] {
            assert_eq!(room(free, total).level, level, "{free} of {total}");
        }
    }

    #[test]
    fn slow_disks_and_weak_tokens_are_told() {
        for (millis, level) in
            [(50, Level::Ok), (51, Level::Warn), (2500, Level::Warn), (2501, Level::Fail)]
        {
            assert_eq!(sync(Duration::from_millis(millis)).level, level, "{millis}");
        }
        for (text, level) in [
            ("geheim", Level::Fail),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Level::Fail),
            ("0123456789abcdef", Level::Warn),
            ("pwa_0123456789abcdef0123456789abcdef", Level::Ok),
        ] {
            let found = token(text);
            assert_eq!(found.level, level, "{text}");
            assert!(!found.lines().contains(text), "a token is not shown");
        }
    }

    #[test]
    fn rights_of_secrets_and_limits_of_files() {
        for (mode, level) in [
            (0o600, Level::Ok),
            (0o400, Level::Ok),
            (0o640, Level::Warn),
            (0o644, Level::Fail),
            (0o602, Level::Fail),
        ] {
            assert_eq!(rights("a", mode, false).level, level, "{mode:o}");
        }
        assert!(rights("config/secrets", 0o755, true).hint.contains("chmod 700"));
        assert_eq!(files(10_000, 10_000).level, Level::Ok);
        assert_eq!(files(10_000, 864).level, Level::Warn);
    }
}
