## Finds the words of a text, in the form in which they are counted.

import std/strutils
import utf8

const RightQuote = 0x2019'u32

func isWord(codePoint: uint32): bool =
  case codePoint
  of uint32('0') .. uint32('9'), uint32('A') .. uint32('Z'), uint32('a') .. uint32('z'): true
  of 0x2000'u32 .. 0x206F'u32, 0x3000'u32 .. 0x303F'u32, 0xFEFF'u32, Replacement: false
  else: codePoint >= 0xC0

func isApostrophe(codePoint: uint32): bool =
  codePoint in [uint32('\''), RightQuote]

func peek(text: string, at: int): Letter =
  ## What is at `at`; at the end of the text a separator without a size.
  if at < text.len: decode(text, at) else: Letter(codePoint: Replacement, size: 0)

iterator words*(text: string): string =
  ## The words of a text that may hold bytes which are no UTF-8: those separate words.
  var at = 0
  var word = ""
  while at < text.len:
    let letter = peek(text, at)
    let next = at + letter.size
    if letter.codePoint.isWord:
      for byte in text.toOpenArray(at, next - 1):
        word.add byte.toLowerAscii
    elif word.len > 0:
      if letter.codePoint.isApostrophe and peek(text, next).codePoint.isWord:
        word.add '\''
      else:
        yield word
        word.setLen 0
    at = next
  if word.len > 0:
    yield word
