-- Stops at the first error and says where.
CREATE TABLE t (a INTEGER CHECK (a > 0));
INSERT INTO t VALUES (1);
SELECT a AS "first column", 'ab' AS text FROM t;


INSERT INTO t
VALUES (-1);
SELECT 'never reached';
