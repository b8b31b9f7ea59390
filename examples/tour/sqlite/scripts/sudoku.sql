-- Solves a sudoku with one recursive query.
WITH RECURSIVE
    puzzle (cells) AS (VALUES ('53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79')),
    digit (text, number) AS (
        VALUES ('1', 1)
        UNION ALL SELECT CAST(number + 1 AS TEXT), number + 1 FROM digit WHERE number < 9
    ),
    search (cells, hole) AS (
        SELECT cells, instr(cells, '.') FROM puzzle
        UNION ALL
        SELECT substr(cells, 1, hole - 1) || digit.text || substr(cells, hole + 1),
               instr(substr(cells, 1, hole - 1) || digit.text || substr(cells, hole + 1), '.')
        FROM search, digit
        WHERE hole > 0 AND NOT EXISTS (
            SELECT 1 FROM digit AS other
            WHERE digit.text = substr(cells, (hole - 1) / 9 * 9 + other.number, 1)
               OR digit.text = substr(cells, (hole - 1) % 9 + (other.number - 1) * 9 + 1, 1)
               OR digit.text = substr(cells, (hole - 1) / 3 % 3 * 3 + (hole - 1) / 27 * 27 + other.number + (other.number - 1) / 3 * 6, 1)
        )
    ),
    line (number, cells) AS (
        SELECT 1, cells FROM search WHERE hole = 0
        UNION ALL SELECT number + 1, cells FROM line WHERE number < 9
    )
SELECT substr(cells, number * 9 - 8, 9) FROM line;
