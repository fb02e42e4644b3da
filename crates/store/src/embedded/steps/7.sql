-- Lists are narrowed by time, by state and by order, however much is stored.
CREATE INDEX receipts_time ON receipts (received_at);
CREATE INDEX receipts_state ON receipts (state, received_at);
CREATE INDEX lines_time ON lines (at);
CREATE INDEX lines_status ON lines (status, at);
CREATE INDEX messages_made ON messages (created_at);
CREATE INDEX messages_state ON messages (state, created_at);
CREATE INDEX messages_order ON messages (aggregate);
