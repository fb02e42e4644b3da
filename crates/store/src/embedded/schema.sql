-- Bodies and what messages say are written once and never moved; larger texts are packed (packed.rs).
-- Everything else is small rows; what waits has partial indexes of its own, so that what is done
-- costs nothing. Times are microseconds since 1970.
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
-- state: 0 waiting, 1 forwarded, 2 filtered, 3 parked, 4 failed, 5 split, 6 unclaimed
CREATE TABLE receipts (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, feed INTEGER NOT NULL, owner TEXT NOT NULL,
  source TEXT NOT NULL, topic TEXT, received_at INTEGER NOT NULL, verified TEXT NOT NULL,
  headers TEXT NOT NULL, query TEXT NOT NULL, accounts TEXT NOT NULL, body INTEGER,
  body_bytes INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, why TEXT, settled_at INTEGER
);
CREATE INDEX receipts_waiting ON receipts (feed, owner, seq) WHERE state = 0;
CREATE INDEX receipts_settled ON receipts (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX receipts_body ON receipts (body) WHERE body IS NOT NULL;
CREATE INDEX receipts_owner ON receipts (owner, seq);
CREATE TABLE dedupe (key BLOB PRIMARY KEY, receipt BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX dedupe_at ON dedupe (at);
CREATE TABLE aggregates (
  id BLOB NOT NULL UNIQUE, merchant TEXT NOT NULL, version INTEGER NOT NULL, blob BLOB NOT NULL,
  aliases BLOB NOT NULL, wake_at INTEGER, updated_at INTEGER NOT NULL
);
CREATE INDEX aggregates_wake ON aggregates (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX aggregates_updated ON aggregates (updated_at);
CREATE TABLE aliases (
  merchant TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, aggregate BLOB NOT NULL,
  PRIMARY KEY (merchant, kind, value, aggregate)
) WITHOUT ROWID;
-- What a message says stands beside it, so that its end does not write all of it again.
CREATE TABLE frozen (message INTEGER PRIMARY KEY, frozen BLOB NOT NULL);
-- state: 0 pending, 1 sent, 2 dead, 3 cancelled
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, merchant TEXT NOT NULL, destination TEXT NOT NULL,
  aggregate BLOB NOT NULL, receipt BLOB NOT NULL, occurrence BLOB NOT NULL, trigger TEXT NOT NULL,
  leg TEXT NOT NULL, rank INTEGER, subject TEXT NOT NULL, created_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL, fresh_until INTEGER NOT NULL, backfill INTEGER NOT NULL,
  sandbox INTEGER NOT NULL, rules BLOB NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, why TEXT, attempts INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0, ended_at INTEGER
);
CREATE INDEX messages_due ON messages (merchant, destination, not_before, seq) WHERE state = 0;
CREATE INDEX messages_lane ON messages (aggregate, destination, seq) WHERE state = 0;
CREATE INDEX messages_time ON messages (not_before) WHERE state = 0;
CREATE INDEX messages_receipt ON messages (receipt);
CREATE TABLE attempts (message BLOB NOT NULL, number INTEGER NOT NULL, story BLOB NOT NULL);
CREATE INDEX attempts_message ON attempts (message);
CREATE TABLE lines (
  seq INTEGER PRIMARY KEY, receipt BLOB NOT NULL, place INTEGER NOT NULL, merchant TEXT NOT NULL,
  aggregate BLOB, status TEXT NOT NULL, occurred_at INTEGER NOT NULL, outcome TEXT NOT NULL,
  rule TEXT NOT NULL, fields BLOB NOT NULL, decisions TEXT NOT NULL, at INTEGER NOT NULL,
  UNIQUE (receipt, place)
);
CREATE INDEX lines_aggregate ON lines (aggregate);
CREATE TABLE refused (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL, feed INTEGER NOT NULL, owner TEXT NOT NULL,
  source TEXT NOT NULL, at INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  client TEXT NOT NULL, body_bytes INTEGER NOT NULL
);
CREATE TABLE counters (
  merchant TEXT PRIMARY KEY, accepted INTEGER NOT NULL DEFAULT 0, duplicate INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0, waiting INTEGER NOT NULL DEFAULT 0, forwarded INTEGER NOT NULL DEFAULT 0,
  filtered INTEGER NOT NULL DEFAULT 0, parked INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0, pending INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE unmapped (
  merchant TEXT NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (merchant, source, code)
) WITHOUT ROWID;
CREATE TABLE unclaimed (
  feed TEXT NOT NULL, account TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (feed, account)
) WITHOUT ROWID;
CREATE TABLE pauses (
  merchant TEXT NOT NULL, destination TEXT NOT NULL, until INTEGER NOT NULL, pause TEXT NOT NULL,
  PRIMARY KEY (merchant, destination)
) WITHOUT ROWID;
CREATE TABLE rules (hash BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
