#!/bin/sh -eu
# export.sh DATABASE FOLDER: writes the pages that come from the database.
sqlite3 -readonly "$1" "
  SELECT json_object('release', 3, 'count', count(*), 'total_cents', 100 * sum(price_euro),
    'products', json_group_array(json_object('name', name, 'price_cents', 100 * price_euro)))
  FROM (SELECT * FROM products ORDER BY id)" >"$2/products.json"
sqlite3 -readonly "$1" "
  SELECT json_group_object(name, stock) FROM (SELECT * FROM products ORDER BY id)" >"$2/stock.json"
