-- Numbers, text, JSON, full-text search and R-trees.
SELECT 7 / 2, -7 / 2, -7 % 3, 7.0 / 2, 1e300 * 1e10, 9223372036854775807 + 0, 1 << 62, ~5, 0x7fff;
SELECT round(2.5), round(-2.567, 2), abs(-3), sqrt(2), pow(2, 0.5), pi(), trunc(-1.7), ln(10), sin(1), 0.1 + 0.2, 1.0 / 3;
SELECT printf('%08.3f|%-6s|%+d|%x|%,d|%q', 3.14159, 'ab', 5, 255, 1234567, 'it''s');
SELECT length('naïve'), length(CAST('naïve' AS BLOB)), hex('é'), unicode('語'), char(127793), substr('größer', 3, 2), instr('Straße', 'ß');
SELECT replace('a-b-c', '-', '+'), trim('  x '), ltrim('xxabc', 'x'), upper('abc é'), quote(x'00ff'), typeof(1.0), typeof(NULL), 'ab' LIKE 'A_';
SELECT nullif(1, 1) IS NULL, coalesce(NULL, 'second'), iif(0, 'yes', 'no'), max(3, 1, 2), min('b', 'a'), 1 IN (1, 2), 3 BETWEEN 1 AND 2;

SELECT json_extract('{"a": [1, {"b": "ü"}]}', '$.a[1].b'), json('{ "x" : [ 1 , 2 ] }'), json_array(1, NULL, 'x', json('[]'));
SELECT key, value, type, fullkey FROM json_tree('{"name": "harbour", "boats": [{"id": 1}, {"id": 2, "old": true}]}') WHERE atom IS NOT NULL;
SELECT json_set('{"a": 1}', '$.b', json('{"c": 2}')), '{"a": {"b": 5}}' -> 'a' ->> 'b', json_group_array(value) FROM json_each('[3, 1, 2]');

CREATE VIRTUAL TABLE notes USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO notes VALUES
    ('Fog', 'The fog came in and the lighthouse keeper rang the bell.'),
    ('Tide', 'Wait for the tide; the keeper never waits.'),
    ('Café', 'Two coffees at the café by the harbour, no fog.'),
    ('Bells', 'The bells of the town and the bell of the lighthouse.');
SELECT title FROM notes WHERE notes MATCH 'keeper AND fog';
SELECT title, snippet(notes, 1, '[', ']', '…', 5) FROM notes WHERE notes MATCH 'cafe OR tide' ORDER BY rowid;
SELECT title, highlight(notes, 1, '<', '>') FROM notes WHERE notes MATCH 'bell*' ORDER BY rank, rowid;

CREATE VIRTUAL TABLE place USING rtree(id, west, east, south, north);
INSERT INTO place WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    SELECT i, i % 40, i % 40 + 0.5, i / 40, i / 40 + 0.5 FROM n;
SELECT count(*), sum(id) FROM place WHERE west >= 10 AND east <= 20 AND south >= 5 AND north <= 8;
