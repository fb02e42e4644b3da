-- Lists: the rows of each owner in each state, by time. All messages of an order are found by it, those that
-- have ended too.
DROP INDEX receipts_owner;
CREATE INDEX receipts_list ON receipts (feed, owner, state, received_at, id);
CREATE INDEX lines_list ON lines (merchant, status, at, receipt, place);
CREATE INDEX messages_list ON messages (merchant, state, created_at);
DROP INDEX messages_lane;
CREATE INDEX messages_lane ON messages (aggregate, destination, seq);
