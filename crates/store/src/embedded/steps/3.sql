-- What waits is kept in memory by owner; this tells it after a start, in the order of arrival.
DROP INDEX receipts_waiting;
CREATE INDEX receipts_open ON receipts (seq, feed, owner) WHERE state = 0;
