## words: prints the words of standard input that occur most often. The contract is in ../README.md.

import std/[cmdline, strutils, syncio]
import ranking, scanner

const
  DefaultTop = 10
  MaxDigits = 9
  Failed = 1
  Misused = 2

type UsageError = object of CatchableError

func parseNumber(text: string): int =
  if text.len notin 1 .. MaxDigits or not text.allCharsInSet(Digits):
    raise newException(UsageError, text & " is no number")
  parseInt(text)

func parseArguments(arguments: seq[string]): int =
  ## How many words to print.
  result = DefaultTop
  if arguments.len mod 2 != 0:
    raise newException(UsageError, "a value is missing")
  for i in countup(0, arguments.high, 2):
    if arguments[i] != "--top":
      raise newException(UsageError, arguments[i] & " is unknown")
    result = parseNumber(arguments[i + 1])

proc printTop(top: int) =
  var counts: Counts
  for word in words(stdin.readAll):
    counts.count word
  let ranked = ranking(counts)
  for i in 0 ..< min(top, ranked.len):
    stdout.write ranked[i].count, ' ', ranked[i].word, '\n'
  stdout.flushFile

proc main(): int =
  try:
    printTop parseArguments(commandLineParams())
    0
  except UsageError:
    stderr.writeLine "usage: words [--top N]"
    Misused
  except IOError as error:
    stderr.writeLine "words: ", error.msg
    Failed

when isMainModule:
  quit main()
