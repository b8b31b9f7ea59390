import { Scanner } from "./scanner";

/** A word and how often it occurs. */
export class Entry {
  private bytes: ArrayBuffer;

  constructor(readonly word: string, readonly count: u32) {
    this.bytes = String.UTF8.encode(word);
  }

  /** The order of the contract; strings themselves compare by UTF-16 units. */
  compare(other: Entry): i32 {
    if (this.count != other.count) return this.count > other.count ? -1 : 1;
    const size = this.bytes.byteLength;
    const otherSize = other.bytes.byteLength;
    const order = memory.compare(changetype<usize>(this.bytes), changetype<usize>(other.bytes), min(size, otherSize));
    return order != 0 ? order : size - otherSize;
  }
}

/** The `top` words of a text that occur most often. */
export function mostFrequent(text: Uint8Array, top: i32): Entry[] {
  const counts = new Map<string, u32>();
  const scanner = new Scanner(text);
  for (let word = scanner.next(); word != null; word = scanner.next()) {
    counts.set(word, counts.has(word) ? counts.get(word) + 1 : 1);
  }

  const words = counts.keys();
  const entries = new Array<Entry>();
  for (let i = 0; i < words.length; i++) {
    entries.push(new Entry(words[i], counts.get(words[i])));
  }
  entries.sort((a, b) => a.compare(b));
  return entries.slice(0, top);
}
