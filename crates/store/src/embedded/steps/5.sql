-- Small notes: who of a merchant is heard how often, and (without an owner) when the relay was alive.
CREATE TABLE notes (owner TEXT PRIMARY KEY, note BLOB NOT NULL) WITHOUT ROWID;
