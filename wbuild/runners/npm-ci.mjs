// Install the locked dependencies of a package of the project into another folder, so that nothing is written into the project.
//
// usage: node npm-ci.mjs INSTALL FOLDER CACHE NODE NPM… -- FILE…
//
// INSTALL is the folder in which npm would install: of the package, or of the workspace that it is a member of. FILEs are what npm
// reads (package.json of all that take part, package-lock.json, .npmrc, tarballs); they are copied to the same places below FOLDER,
// and npm makes FOLDER/INSTALL/node_modules exactly what the lock says. It checks every integrity digest; no script of a package runs.
// Links to members and `file:` folders then lead to the project itself. What is taken of .npmrc (npm-ci_npmrc.mjs), which may hold a token,
// is there only while npm runs.
// NODE NPM… is the command line that starts npm. All paths are relative to the project's root, where this is started.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { configuration, safe } from "./npm-ci_npmrc.mjs";

const [install, folder, cache, ...rest] = process.argv.slice(2);
const cut = rest.indexOf("--");
const [node, ...npm] = rest.slice(0, cut);
const files = rest.slice(cut + 1);
const root = process.cwd();
const target = join(folder, install);
const CONFIGURATION = ".npmrc";
const OWN = ".wbuild";

/** Where links that npm made would lead in the project: the place of each link → the folder that it is for. */
function links() {
  const record = join(target, "node_modules", ".package-lock.json");
  const { packages = {} } = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {};
  return Object.entries(packages).filter(([, entry]) => entry.link);
}

mkdirSync(folder, { recursive: true });
for (const entry of readdirSync(folder)) {
  if (!entry.startsWith(OWN)) rmSync(join(folder, entry), { recursive: true, force: true });
}
mkdirSync(target, { recursive: true });
for (const file of files.filter((name) => existsSync(name))) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  if (basename(file) !== CONFIGURATION) copyFileSync(file, join(folder, file));
  else writeFileSync(join(folder, file), configuration(file, [node, ...npm]), { mode: 0o600 });
}
const switches = ["--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"];
const words = ["ci", ...switches, "--prefer-offline", "--install-links=false", "--cache", cache, "--prefix", target];
const done = spawnSync(node, [...npm, ...words], { stdio: "inherit", env: safe() });
for (const file of files.filter((name) => basename(name) === CONFIGURATION)) rmSync(join(folder, file), { force: true });
if (done.error) console.error(`npm-ci: ${done.error.message}`);
process.exitCode = done.status ?? 1;
if (process.exitCode === 0) {
  for (const [place, { resolved }] of links()) {
    const link = join(target, place);
    const home = resolve(root, install, resolved);
    if (relative(root, home).startsWith("..") || !lstatSync(link, { throwIfNoEntry: false })) continue;
    rmSync(link, { recursive: true, force: true });
    symlinkSync(home, link, "junction");
  }
}
