-- The first release: the shop and its products.
BEGIN;
CREATE TABLE products (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  price_cents INTEGER NOT NULL CHECK (price_cents > 0)
);
INSERT INTO products (name, price_cents) VALUES
  ('string, 10 m', 249),
  ('candles', 395),
  ('mustard', 179),
  ('pencil', 85),
  ('O''Brien''s "best" tea', 1250);
PRAGMA user_version = 1;
COMMIT;
