//! All faults, as data: what is done, to which store, and what is promised of it.

use std::fmt;

use super::proxy::Side;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) act: Act,
    pub(super) setting: Setting,
    /// Whether it belongs to the short form.
    pub(super) in_short: bool,
}

/// The store, and how durable it was asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Embedded,
    Always,
    Everysec,
    /// A master and two replicas under Sentinel.
    Sentinel {
        replicas: u32,
    },
    /// Three masters with a replica each.
    Cluster {
        replicas: u32,
    },
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Always => f.write_str("Redis, `fsync: always`"),
            Self::Everysec => f.write_str("Redis, `fsync: everysec`"),
            Self::Sentinel { replicas } => write!(f, "Sentinel, `replicas: {replicas}`"),
            Self::Cluster { replicas } => write!(f, "Cluster, `replicas: {replicas}`"),
        }
    }
}

impl Fault {
    /// Whether what was accepted may be lost: nobody waits for a replica, and then the master dies.
    pub(super) fn may_lose(&self) -> bool {
        let is_alone = matches!(
            self.setting,
            Setting::Sentinel { replicas: 0 } | Setting::Cluster { replicas: 0 }
        );
        self.act == Act::FailOver && is_alone
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    RelayKilled,
    RelayFrozen,
    RedisKilled,
    RedisRestarted,
    /// SIGSTOP: it is there, and says nothing.
    RedisSilent,
    /// No memory is left to it.
    RedisFull,
    /// Everything that is said to it or by it takes so many milliseconds.
    RedisSlow(u64),
    /// Connections are cut in the middle of a command, or of its answer.
    RedisCut(Side),
    /// The master dies while its replicas are behind; one of them takes over.
    FailOver,
    DiskFull,
    /// The clock is so many hours off, and then right again.
    ClockOff(Whose, i64),
    Sink(Sink),
    Flood,
    SlowSenders,
    Connections,
}

impl Act {
    /// Whose clock must be one that jumps.
    pub(super) fn clock(self) -> Option<Whose> {
        if let Self::ClockOff(whose, _) = self {
            return Some(whose);
        }
        // What waits for settings is tried again when a quarter of an hour has passed.
        (self == Self::Sink(Sink::Redirects)).then_some(Whose::Relay)
    }
}

/// Whose clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Relay,
    Redis,
}

/// What the other system does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sink {
    /// Answers with this status.
    Says(u16),
    /// Refuses the key, until the operator gives another one.
    RefusesKey,
    Redirects,
    /// Takes what it is told, and breaks off in its answer.
    Truncates,
    Hangs,
    Resets,
    Endless,
}

use Setting::{Always, Embedded, Everysec};

/// The table's lines, in its order.
pub(super) const ALL: &[Fault] = &[
    short("relay killed (SIGKILL) again and again", Act::RelayKilled, Embedded),
    short("relay killed (SIGKILL) again and again", Act::RelayKilled, Always),
    short("relay frozen (SIGSTOP), then going on", Act::RelayFrozen, Embedded),
    long("relay frozen (SIGSTOP) for longer than its lease", Act::RelayFrozen, Always),
    short("Redis killed (SIGKILL), started again", Act::RedisKilled, Always),
    short("Redis killed (SIGKILL), started again", Act::RedisKilled, Everysec),
    long("Redis restarted (SIGTERM)", Act::RedisRestarted, Always),
    long("Redis restarted (SIGTERM)", Act::RedisRestarted, Everysec),
    long("Redis silent (SIGSTOP)", Act::RedisSilent, Always),
    short("Redis without memory", Act::RedisFull, Always),
    short("Redis slow (0.2 s each way)", Act::RedisSlow(200), Always),
    long("Redis slower than senders wait (3 s each way)", Act::RedisSlow(3000), Always),
    short("connection cut in the middle of commands", Act::RedisCut(Side::Request), Always),
    short("connection cut in the middle of answers", Act::RedisCut(Side::Answer), Always),
    long("master dies, replicas behind", Act::FailOver, Setting::Sentinel { replicas: 0 }),
    short("master dies, replicas behind", Act::FailOver, Setting::Sentinel { replicas: 1 }),
    long("master dies, replica behind", Act::FailOver, Setting::Cluster { replicas: 0 }),
    long("master dies, replica behind", Act::FailOver, Setting::Cluster { replicas: 1 }),
    short("disk full, then room again", Act::DiskFull, Embedded),
    long("Redis' disk full, then room again", Act::DiskFull, Always),
    long("Redis' disk full, then room again", Act::DiskFull, Everysec),
    short("relay's clock 2 h ahead, then right", Act::ClockOff(Whose::Relay, 2), Embedded),
    short("relay's clock 2 h behind, then right", Act::ClockOff(Whose::Relay, -2), Embedded),
    long("relays' clocks 2 h ahead, then right", Act::ClockOff(Whose::Relay, 2), Always),
    long("relays' clocks 2 h behind, then right", Act::ClockOff(Whose::Relay, -2), Always),
    short("Redis' clock 2 h ahead, then right", Act::ClockOff(Whose::Redis, 2), Always),
    long("Redis' clock 2 h behind, then right", Act::ClockOff(Whose::Redis, -2), Always),
    long("API hangs", Act::Sink(Sink::Hangs), Embedded),
    long("API hangs", Act::Sink(Sink::Hangs), Always),
    short("API resets connections", Act::Sink(Sink::Resets), Embedded),
    long("API resets connections", Act::Sink(Sink::Resets), Always),
    short("API takes it and breaks off its answer", Act::Sink(Sink::Truncates), Embedded),
    long("API takes it and breaks off its answer", Act::Sink(Sink::Truncates), Always),
    long("API answers without end", Act::Sink(Sink::Endless), Embedded),
    long("API answers without end", Act::Sink(Sink::Endless), Always),
    short("API answers 429, `Retry-After: 1`", Act::Sink(Sink::Says(429)), Embedded),
    long("API answers 429, `Retry-After: 1`", Act::Sink(Sink::Says(429)), Always),
    short("API answers 500", Act::Sink(Sink::Says(500)), Embedded),
    long("API answers 500", Act::Sink(Sink::Says(500)), Always),
    short("API answers 401, then a new key", Act::Sink(Sink::RefusesKey), Embedded),
    long("API answers 401, then a new key", Act::Sink(Sink::RefusesKey), Always),
    long("API redirects; 16 min later it does not", Act::Sink(Sink::Redirects), Embedded),
    long("API redirects; 16 min later it does not", Act::Sink(Sink::Redirects), Always),
    long("flood", Act::Flood, Embedded),
    long("flood", Act::Flood, Always),
    short("slow senders, half of them give up", Act::SlowSenders, Embedded),
    long("slow senders, half of them give up", Act::SlowSenders, Always),
    long("10,000 idle connections", Act::Connections, Embedded),
    long("10,000 idle connections", Act::Connections, Always),
];

const fn short(name: &'static str, act: Act, setting: Setting) -> Fault {
    Fault { name, act, setting, in_short: true }
}

const fn long(name: &'static str, act: Act, setting: Setting) -> Fault {
    Fault { name, act, setting, in_short: false }
}
