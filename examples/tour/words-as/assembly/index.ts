// words: prints the words of standard input that occur most often. The contract is in ../README.md.

import { parseTop } from "./arguments";
import { mostFrequent } from "./ranking";
import { readAll } from "./input";

const MISUSED = 2;

const top = parseTop(process.argv.slice(1));
if (top < 0) {
  process.stderr.write("usage: words [--top N]\n");
  process.exit(MISUSED);
}
const entries = mostFrequent(readAll(), top);
for (let i = 0; i < entries.length; i++) {
  process.stdout.write(`${entries[i].count} ${entries[i].word}\n`);
}
