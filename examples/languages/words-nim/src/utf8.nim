## Decodes UTF-8 as it comes, good or bad.

const Replacement* = 0xFFFD'u32

type Letter* = object
  codePoint*: uint32
  size*: int ## bytes taken, at least 1

const Invalid = Letter(codePoint: Replacement, size: 1)

func decode*(text: openArray[char], at: int): Letter =
  ## The code point at the start of `text[at .. ^1]`. A byte that starts no well-formed sequence is one `Replacement`.
  let lead = uint32(text[at])
  var size, smallest: int
  case lead
  of 0x00'u32 .. 0x7F'u32: return Letter(codePoint: lead, size: 1)
  of 0xC2'u32 .. 0xDF'u32: (size, smallest) = (2, 0x80)
  of 0xE0'u32 .. 0xEF'u32: (size, smallest) = (3, 0x800)
  of 0xF0'u32 .. 0xF4'u32: (size, smallest) = (4, 0x10000)
  else: return Invalid
  if size > text.len - at:
    return Invalid
  var codePoint = lead and (0x7F'u32 shr size)
  for follower in text.toOpenArray(at + 1, at + size - 1):
    if (uint32(follower) and 0xC0) != 0x80:
      return Invalid
    codePoint = codePoint shl 6 or (uint32(follower) and 0x3F)
  if codePoint < uint32(smallest) or codePoint > 0x10FFFF or codePoint in 0xD800'u32 .. 0xDFFF'u32:
    return Invalid
  Letter(codePoint: codePoint, size: size)
