-- Tables, indexes, triggers, windows, common table expressions, JSON; ends with a dump.
PRAGMA journal_mode = WAL;
PRAGMA cache_size = 500;
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, price REAL, data BLOB);
CREATE TABLE sale (item INTEGER REFERENCES item, day INTEGER, pieces INTEGER);
CREATE TABLE journal (what TEXT);
CREATE TRIGGER noted AFTER UPDATE ON item WHEN new.id % 100 = 0
    BEGIN INSERT INTO journal VALUES ('item ' || new.id || ' now ' || new.price); END;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @COUNT@)
    INSERT INTO item SELECT i, 'name ' || (i * 7919 % 10007), i % 17, i * 1.5, zeroblob(i % 300)
    FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3 * @COUNT@)
    INSERT INTO sale SELECT 1 + i * 31 % @COUNT@, i % 365, 1 + i % 5 FROM n;
CREATE INDEX item_name ON item (name, kind);
CREATE INDEX sale_item ON sale (item, day);
UPDATE item SET price = price + 1 WHERE kind IN (3, 5, 7);
DELETE FROM item WHERE id % 13 = 0;
SELECT kind, count(*), round(sum(price), 2), max(length(name)) FROM item
    GROUP BY kind ORDER BY kind;
SELECT day, sum(pieces * price) OVER (ORDER BY day, id ROWS 5 PRECEDING)
    FROM sale JOIN item ON item.id = sale.item WHERE day < 4 ORDER BY day, id;
SELECT group_concat(name, '|') FROM (SELECT DISTINCT name FROM item ORDER BY name);
SELECT json_group_array(json_object('id', id, 'name', name)) FROM item WHERE id < 2000;
SELECT count(*) FROM item a JOIN item b ON a.name = b.name AND a.id < b.id;
VACUUM;
PRAGMA integrity_check;
.dump
