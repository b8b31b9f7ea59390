const DEFAULT_TOP = 10;
const MAX_DIGITS = 9;

/** The number of words to print; -1 for arguments that are not of the contract. */
export function parseTop(args: string[]): i32 {
  let top = DEFAULT_TOP;
  for (let i = 0; i < args.length; i += 2) {
    if (args[i] != "--top" || i + 1 == args.length || !isNumber(args[i + 1])) return -1;
    top = I32.parseInt(args[i + 1], 10);
  }
  return top;
}

function isNumber(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i);
    if (digit < 0x30 || digit > 0x39) return false;
  }
  return 0 < text.length && text.length <= MAX_DIGITS;
}
