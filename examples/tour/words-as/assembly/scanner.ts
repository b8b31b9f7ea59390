import { Utf8 } from "./utf8";

const APOSTROPHE = 0x27;
const RIGHT_QUOTE = 0x2019;
const BYTE_ORDER_MARK = 0xfeff;
const CASE_BIT = 0x20;

/** Finds the words of a text, in the form in which they are counted. */
export class Scanner {
  private letters: Utf8;
  private units: u16[] = [];

  constructor(text: Uint8Array) {
    this.letters = new Utf8(text);
  }

  /** The next word; null at the end. */
  next(): string | null {
    const letters = this.letters;
    while (!letters.atEnd && !isWord(letters.value)) letters.advance();
    if (letters.atEnd) return null;

    this.units.length = 0;
    for (; ; letters.advance()) {
      if (isWord(letters.value)) this.take(letters.value);
      else if (isApostrophe(letters.value) && isWord(letters.following())) this.take(APOSTROPHE);
      else break;
    }
    return String.UTF16.decodeUnsafe(this.units.dataStart, this.units.length << 1);
  }

  private take(value: u32): void {
    if (value >= 0x10000) {
      const rest = value - 0x10000;
      this.units.push(<u16>(0xd800 | (rest >> 10)));
      this.units.push(<u16>(0xdc00 | (rest & 0x3ff)));
    } else {
      this.units.push(<u16>(between(value, 0x41, 0x5a) ? value | CASE_BIT : value));
    }
  }
}

function isWord(value: u32): bool {
  if (value < 0xc0) return between(value, 0x30, 0x39) || between(value, 0x41, 0x5a) || between(value, 0x61, 0x7a);
  return (
    !between(value, 0x2000, 0x206f) &&
    !between(value, 0x3000, 0x303f) &&
    value != BYTE_ORDER_MARK &&
    value != Utf8.REPLACEMENT
  );
}

function isApostrophe(value: u32): bool {
  return value == APOSTROPHE || value == RIGHT_QUOTE;
}

function between(value: u32, first: u32, last: u32): bool {
  return first <= value && value <= last;
}
