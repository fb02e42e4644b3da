-- Small things, each on a shelf of its owner (without a name: the relay). What was heard lies on one.
CREATE TABLE kept (
  owner TEXT NOT NULL,
  shelf TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (owner, shelf, key)
) WITHOUT ROWID;
INSERT INTO kept SELECT owner, 'hearing', '', note FROM notes;
DROP TABLE notes;
