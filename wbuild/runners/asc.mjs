// Compile an AssemblyScript project whose node_modules is in another folder, and say which of its files were read.
//
// usage: node asc.mjs PROJECT MODULES OUT DEPFILE ASC-WORD…
//
// asc looks for packages in PROJECT/node_modules; what it asks for there is answered from MODULES. It writes OUT and nothing
// else, whatever asconfig.json says of other outputs. DEPFILE, in make's format, lists the files below PROJECT that were read.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

const [project, modules, out, depfile] = process.argv.slice(2, 6).map((path) => resolve(path));
const words = process.argv.slice(6);
const root = process.cwd();
const own = join(project, "node_modules");
const read = new Set();

/** Where a file that asc names really is. */
function place(name, folder) {
  const path = resolve(project, folder ?? ".", name);
  const inside = relative(own, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : join(modules, inside);
}

async function readText(name, folder) {
  const path = place(name, folder);
  try {
    const text = await readFile(path, "utf8");
    if (path.startsWith(project + sep) && !path.startsWith(modules + sep)) read.add(path);
    return text;
  } catch {
    return null;
  }
}

async function listFiles(name, folder) {
  try {
    return (await readdir(place(name, folder))).filter((file) => /^(?!.*\.d\.ts$).*\.ts$/.test(file));
  } catch {
    return null;
  }
}

async function write(name, contents, folder) {
  if (resolve(project, folder ?? ".", name) === out) await writeFile(out, contents);
}

/** One name in make's format. */
function escaped(path) {
  return relative(root, path).split(sep).join("/").replace(/\$/g, "$$$$").replace(/[ #]/g, "\\$&");
}

process.chdir(project);
process.env.NODE_PATH = modules;
createRequire(import.meta.url)("node:module").Module._initPaths();
const asc = await import(pathToFileURL(join(modules, "assemblyscript", "dist", "asc.js")));
const { error } = await asc.main([...words, "--outFile", out], {
  stdout: process.stdout,
  stderr: process.stderr,
  readFile: readText,
  writeFile: write,
  listFiles,
});
await writeFile(depfile, `module: ${[...read].sort().map(escaped).join(" ")}\n`);
if (error) process.exitCode = 1;
