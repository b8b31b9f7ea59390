/** Reads a text code point by code point. A byte that starts no well-formed sequence is one replacement character. */
export class Utf8 {
  static readonly REPLACEMENT: u32 = 0xfffd;

  /** The code point at the reading position; a replacement character at the end. */
  value: u32 = Utf8.REPLACEMENT;
  private at: i32 = 0;
  private size: i32 = 0;

  constructor(private text: Uint8Array) {
    this.decode();
  }

  get atEnd(): bool {
    return this.at >= this.text.length;
  }

  advance(): void {
    this.at += this.size;
    this.decode();
  }

  /** The code point behind `value`. */
  following(): u32 {
    const at = this.at;
    this.advance();
    const value = this.value;
    this.at = at;
    this.decode();
    return value;
  }

  private decode(): void {
    this.value = Utf8.REPLACEMENT;
    this.size = 1;
    if (this.atEnd) return;
    const lead: u32 = this.text[this.at];
    if (lead < 0x80) this.value = lead;
    else if (lead >> 5 == 0b110) this.sequence(lead & 0x1f, 2, 0x80);
    else if (lead >> 4 == 0b1110) this.sequence(lead & 0x0f, 3, 0x800);
    else if (lead >> 3 == 0b11110) this.sequence(lead & 0x07, 4, 0x10000);
  }

  /** A sequence of `size` bytes whose value must be at least `least`. */
  private sequence(lead: u32, size: i32, least: u32): void {
    if (this.text.length - this.at < size) return;
    let value = lead;
    for (let i = 1; i < size; i++) {
      const next: u32 = this.text[this.at + i];
      if ((next & 0xc0) != 0x80) return;
      value = (value << 6) | (next & 0x3f);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return;
    this.value = value;
    this.size = size;
  }
}
