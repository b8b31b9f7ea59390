## Counts words and puts the most frequent first.

import std/[algorithm, tables]

type
  Counts* = CountTable[string]
  Entry* = tuple[word: string, count: int]

func count*(counts: var Counts, word: string) =
  counts.inc word

func ranking*(counts: Counts): seq[Entry] =
  ## All words: larger counts first, and among equal counts by the bytes of the words.
  for word, count in counts:
    result.add (word, count)
  result.sort do (a, b: Entry) -> int:
    result = cmp(b.count, a.count)
    if result == 0:
      result = cmp(a.word, b.word)
