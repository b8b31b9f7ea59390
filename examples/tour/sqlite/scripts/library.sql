-- A small lending library: constraints, joins, views, triggers, window functions, upserts, transactions.
PRAGMA foreign_keys = ON;

CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born INTEGER) STRICT;
CREATE TABLE book (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE,
    year INTEGER,
    copies INTEGER NOT NULL DEFAULT 1 CHECK (copies >= 0),
    decade INTEGER GENERATED ALWAYS AS (year / 10 * 10) VIRTUAL
);
CREATE INDEX book_by_year ON book (year, title);
CREATE TABLE loan (book INTEGER NOT NULL REFERENCES book (id), reader TEXT NOT NULL, lent TEXT NOT NULL, back TEXT);
CREATE TABLE journal (entry TEXT);
CREATE TRIGGER lend AFTER INSERT ON loan BEGIN
    UPDATE book SET copies = copies - 1 WHERE id = new.book;
    INSERT INTO journal SELECT new.reader || ' took ' || title FROM book WHERE id = new.book;
END;

INSERT INTO author (name, born) VALUES
    ('Jane Austen', 1775), ('Émile Zola', 1840), ('Лев Толстой', 1828), ('夏目漱石', 1867), ('Mary Shelley', 1797);
INSERT INTO book (title, author, year, copies) VALUES
    ('Emma', 1, 1815, 3), ('Persuasion', 1, 1817, 1), ('Germinal', 2, 1885, 2), ('Nana', 2, 1880, 1),
    ('Анна Каренина', 3, 1878, 2), ('坊っちゃん', 4, 1906, 1), ('Frankenstein', 5, 1818, 4);
INSERT INTO loan VALUES (1, 'Ida', '2026-01-05', '2026-02-01'), (1, 'Noor', '2026-01-31', NULL), (7, 'Ida', '2026-02-03', NULL);

SELECT name, count(*), sum(copies), group_concat(title, '; ' ORDER BY year)
FROM author JOIN book ON author = author.id GROUP BY author.id ORDER BY born;
SELECT title, decade, rank() OVER (PARTITION BY author ORDER BY year), sum(copies) OVER (ORDER BY year ROWS UNBOUNDED PRECEDING)
FROM book ORDER BY year;
SELECT * FROM journal;
SELECT reader, CAST(julianday(coalesce(back, '2026-03-01')) - julianday(lent) AS INTEGER) AS days FROM loan ORDER BY days DESC;
SELECT strftime('%Y week %W', lent), date(lent, 'start of month', '+1 month', '-1 day') FROM loan ORDER BY lent;

INSERT INTO author (name, born) VALUES ('Jane Austen', 1) ON CONFLICT (name) DO UPDATE SET born = born + excluded.born RETURNING id, born;
BEGIN;
DELETE FROM author WHERE name = 'Émile Zola';
SELECT count(*) FROM book;
ROLLBACK;
SELECT count(*) FROM book;
SAVEPOINT change;
UPDATE book SET title = upper(title) WHERE year < 1850;
SELECT title FROM book WHERE title GLOB '[A-Z][A-Z]*' ORDER BY title;
ROLLBACK TO change;
RELEASE change;
PRAGMA integrity_check;
