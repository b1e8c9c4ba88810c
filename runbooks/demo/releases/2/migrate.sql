-- Release 2 counts what is on the shelf.
BEGIN;
ALTER TABLE products ADD COLUMN stock INTEGER NOT NULL DEFAULT 0;
CREATE TABLE deliveries (
  id         INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id),
  pieces     INTEGER NOT NULL
);
CREATE INDEX deliveries_product ON deliveries (product_id);
INSERT INTO deliveries (product_id, pieces) SELECT id, 10 + id FROM products;
UPDATE products SET stock = (SELECT sum(pieces) FROM deliveries WHERE product_id = products.id);
PRAGMA user_version = 2;
COMMIT;
