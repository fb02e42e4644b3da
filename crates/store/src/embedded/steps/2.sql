-- Codes that no table knows: when they came, and a receipt to look at. Rows that were there before say
-- neither.
CREATE TABLE unmapped_codes (
  seq INTEGER PRIMARY KEY, merchant TEXT NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL,
  count INTEGER NOT NULL, first_at INTEGER, last_at INTEGER, receipt BLOB,
  UNIQUE (merchant, source, code)
);
INSERT INTO unmapped_codes (merchant, source, code, count)
  SELECT merchant, source, code, count FROM unmapped;
DROP TABLE unmapped;
