// Install the locked dependencies of a project into another folder, so that nothing is written into the project.
//
// usage: node npm-ci.mjs PROJECT FOLDER CACHE NODE NPM…
//
// PROJECT has package.json and package-lock.json; both are copied to FOLDER, whose node_modules becomes exactly what the lock
// says. npm checks every integrity digest; no script of a package runs. The project's .npmrc, which may hold a token, is there only
// while npm runs. NODE NPM… is the command line that starts npm.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const [project, folder, cache, node, ...npm] = process.argv.slice(2);
const CONFIGURATION = ".npmrc";
const FILES = ["package.json", "package-lock.json", CONFIGURATION];

mkdirSync(folder, { recursive: true });
for (const file of FILES) {
  if (existsSync(join(project, file))) copyFileSync(join(project, file), join(folder, file));
}
const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--prefer-offline"];
const done = spawnSync(node, [...npm, ...words, "--cache", cache, "--prefix", folder], { stdio: "inherit" });
rmSync(join(folder, CONFIGURATION), { force: true });
if (done.error) console.error(`npm-ci: ${done.error.message}`);
process.exitCode = done.status ?? 1;
