// Make or mend package-lock.json of a copy of a project. No script of a package runs.
//
// usage: node npm-lock.mjs PROJECT CACHE NODE NPM…
//
// What the project's .npmrc says is taken as far as it names addresses (npm-ci_npmrc.mjs). NODE NPM… is the command line that starts npm.

import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configuration, safe } from "./npm-ci_npmrc.mjs";

const [project, cache, node, ...npm] = process.argv.slice(2);
const file = join(project, ".npmrc");
if (existsSync(file)) {
  const text = configuration(file, [node, ...npm]);
  rmSync(file); // it may be a link to the user's own
  writeFileSync(file, text, { mode: 0o600 });
}
const words = ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"];
const done = spawnSync(node, [...npm, ...words, "--cache", cache, "--prefix", project], { stdio: "inherit", env: safe() });
if (done.error) console.error(`npm-lock: ${done.error.message}`);
process.exitCode = done.status ?? 1;
