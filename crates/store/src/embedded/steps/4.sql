-- What is asked of other systems. A receipt of state 7 waits for an answer: how often it was tried, when
-- it is asked next, and the answer's place among the bodies. Beside it, how far sources were polled.
ALTER TABLE receipts ADD COLUMN answer INTEGER;
ALTER TABLE receipts ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN ask_at INTEGER;
CREATE INDEX receipts_asking ON receipts (owner, ask_at, seq) WHERE state = 7;
CREATE INDEX receipts_answered ON receipts (settled_at) WHERE answer IS NOT NULL;
CREATE TABLE polls (
  merchant TEXT NOT NULL, source TEXT NOT NULL, polled TEXT NOT NULL, PRIMARY KEY (merchant, source)
) WITHOUT ROWID;
