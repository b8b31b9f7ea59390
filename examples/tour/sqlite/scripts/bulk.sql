-- Fifty thousand rows: an index, sorting, grouping, and what a vacuum gives back.
CREATE TABLE sample (id INTEGER PRIMARY KEY, bucket INTEGER, value INTEGER, label TEXT);
BEGIN;
INSERT INTO sample (bucket, value, label)
    WITH RECURSIVE n (i, x) AS (VALUES (1, 12345) UNION ALL SELECT i + 1, (x * 1103515245 + 12345) & 0x7fffffff FROM n WHERE i < 50000)
    SELECT (x >> 8) % 97, x, printf('%05d-%s', i, hex(x)) FROM n;
COMMIT;
CREATE INDEX sample_by_bucket ON sample (bucket, value);
SELECT count(*), count(DISTINCT bucket), min(value), max(value), sum(value) FROM sample;
SELECT bucket, count(*), sum(value) FROM sample GROUP BY bucket ORDER BY count(*) DESC, bucket LIMIT 5;
SELECT label FROM sample ORDER BY label DESC LIMIT 2;
DELETE FROM sample WHERE bucket % 2;
SELECT count(*), sum(value) FROM sample;
VACUUM;
PRAGMA freelist_count;
PRAGMA integrity_check;
