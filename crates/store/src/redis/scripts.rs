//! The scripts. Each checks everything before it writes (what a script wrote is not taken back when it
//! fails), and holds guards and writes only, no rules of the product.

use std::sync::LazyLock;

use redis::Cmd;

use super::way::Load;

/// A script with the hash by which a server that has it calls it.
pub(super) struct Code {
    text: String,
    hash: String,
}

impl Code {
    fn new(flags: &str, body: &str) -> Self {
        // The first line makes the server refuse keys of other slots, and say before anything runs
        // when it may not write.
        let text = format!("#!lua flags={flags}\n{}\n{body}", include_str!("scripts/lib.lua"));
        let hash = redis::Script::new(&text).get_hash().to_owned();
        Self { text, hash }
    }

    /// How much work one call is for the server.
    pub(super) fn load(&self) -> Load {
        let heavy = [&COMMIT, &SWEEP, &PRUNE];
        if heavy.iter().any(|code| code.hash == self.hash) { Load::Heavy } else { Load::Light }
    }

    /// The call by hash.
    pub(super) fn short(&self, key: &str) -> Cmd {
        self.command("EVALSHA", &self.hash, key)
    }

    /// The call that brings the script along; the server keeps it from then on.
    pub(super) fn long(&self, key: &str) -> Cmd {
        self.command("EVAL", &self.text, key)
    }

    fn command(&self, name: &str, script: &str, key: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(1).arg(key);
        command
    }
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $flags:literal, $file:literal;)+) => {
        $(
            $(#[$doc])*
            pub(super) static $name: LazyLock<Code> =
                LazyLock::new(|| Code::new($flags, include_str!(concat!("scripts/", $file))));
        )+

        /// The name and hash of each.
        #[cfg(test)]
        pub(super) fn all() -> Vec<(&'static str, &'static str)> {
            vec![$(($file, &$name.hash)),+]
        }
    };
}

// Those with `allow-oom` make room, or write what is worth more than the room: they run on a full
// server. No flag: refused there. `no-writes`: looking goes on.
scripts! {
    ACCEPT: "", "accept.lua";
    REFUSE: "", "refuse.lua";
    COMMIT: "", "commit.lua";
    SEAL: "allow-oom", "seal.lua";
    SETTLE_FEED: "allow-oom", "settle_feed.lua";
    CONCLUDE: "allow-oom", "conclude.lua";
    PAUSE: "allow-oom", "pause.lua";
    CLAIM: "allow-oom", "claim.lua";
    UNCLAIM: "allow-oom", "unclaim.lua";
    KEEP: "allow-oom", "keep.lua";
    PRUNE: "allow-oom", "prune.lua";
    SWEEP: "allow-oom", "sweep.lua";
    TURNS: "allow-oom", "turns.lua";
    LEASE: "allow-oom", "lease.lua";
    INSTANCES_SEEN: "allow-oom", "instances.lua";
    ASK: "", "ask.lua";
    ASKED: "", "asked.lua";
    HURRY: "allow-oom", "hurry.lua";
    WAITING: "no-writes", "waiting.lua";
    RECEIPTS: "no-writes", "receipts.lua";
    RECALL: "no-writes", "recall.lua";
    LINES: "no-writes", "lines.lua";
    AWAKE: "no-writes", "awake.lua";
    READY: "no-writes", "ready.lua";
    NEXT_DUE: "no-writes", "next_due.lua";
    ASKING: "no-writes", "asking.lua";
    STATS: "no-writes", "stats.lua";
    PAGE: "no-writes", "page.lua";
    ROWS: "no-writes", "rows.lua";
    REFUSED: "no-writes", "refused.lua";
    SHELF: "no-writes", "shelf.lua";
    STORY: "no-writes", "story.lua";
    LOOK: "no-writes", "look.lua";
    PUT: "", "put.lua";
    TIMELINE: "no-writes", "timeline.lua";
    FACTS: "no-writes", "facts.lua";
}
