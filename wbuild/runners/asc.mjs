// Compile an AssemblyScript project whose node_modules is in another folder, and say which files were read.
//
// usage: node asc.mjs PROJECT MIRROR OUT DEPFILE ASC-WORD…
//
// What asc, and transforms with what they load, look for in a node_modules of the project is answered from the same place below
// MIRROR, which npm-ci.mjs filled. It writes OUT and nothing else, whatever asconfig.json says of other outputs. DEPFILE, in make's
// format, lists all files outside of MIRROR that were read, by asc or by a transform. It is started in the root of the project.

import fs from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const MODULES = "node_modules";
const [project, mirror, out, depfile] = process.argv.slice(2, 6).map((path) => resolve(path));
const words = process.argv.slice(6);
const root = process.cwd();
const read = new Set();
const { existsSync, lstatSync, realpathSync, statSync, writeFileSync } = fs;
const { readdir, readFile, writeFile } = fs.promises;

/** Whether a path is in a folder. */
function inside(folder, path) {
  const way = relative(folder, path);
  return way === "" || !(way === ".." || way.startsWith(".." + sep) || isAbsolute(way));
}

/** The folder below MIRROR for one of the project. */
function mirrored(path) {
  return join(mirror, relative(root, path));
}

/** node_modules folders that node would look into from a folder of the project, the nearest first. */
function homes(folder) {
  const found = [];
  for (let at = mirrored(folder); inside(mirror, at); at = dirname(at)) found.push(join(at, MODULES));
  return found;
}

/** Where a path really is: what is in a node_modules of the project is below MIRROR, or behind a link there. */
function place(path) {
  for (let turn = 0; turn < 16 && inside(root, path) && !inside(mirror, path); turn++) {
    const parts = relative(root, path).split(sep);
    const at = parts.indexOf(MODULES);
    if (at < 0) break;
    const count = parts[at + 1]?.startsWith("@") ? 2 : 1;
    const [name, rest] = [parts.slice(at + 1, at + 1 + count), parts.slice(at + 1 + count)];
    const folders = homes(join(root, ...parts.slice(0, at)));
    const home = folders.map((folder) => join(folder, ...name)).find((folder) => existsSync(folder)) ?? join(folders[0], ...name);
    path = lstatSync(home, { throwIfNoEntry: false })?.isSymbolicLink() ? join(realpathSync(home), ...rest) : join(home, ...rest);
  }
  return path;
}

/** Take note of a file that was read. */
function note(path) {
  try {
    if (path instanceof URL || (typeof path === "string" && path.startsWith("file:"))) path = fileURLToPath(path);
    if (typeof path !== "string" && !Buffer.isBuffer(path)) return;
    const real = realpathSync(resolve(String(path)));
    if (!inside(mirror, real) && statSync(real).isFile()) read.add(real);
  } catch {
    // it is not there, and its name counts without this
  }
}

async function readText(name, folder) {
  const path = place(resolve(project, folder ?? ".", name));
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}

async function listFiles(name, folder) {
  try {
    return (await readdir(place(resolve(project, folder ?? ".", name)))).filter((file) => /^(?!.*\.d\.ts$).*\.ts$/.test(file));
  } catch {
    return null;
  }
}

async function write(name, contents, folder) {
  if (resolve(project, folder ?? ".", name) === out) await writeFile(out, contents);
}

/** Let what opens files for reading, of node's own module, take note of them. */
function observe(object, names) {
  for (const name of names) {
    const original = object[name];
    object[name] = Object.assign(function (path, ...rest) {
      note(path);
      return original.call(this, path, ...rest);
    }, original);
  }
}

/** Packages of the project's own modules come from below MIRROR; modules that are loaded are noted with the package.json above them. */
const hooks = {
  resolve(specifier, context, next) {
    const parent = context.parentURL?.startsWith("file:") ? fileURLToPath(context.parentURL) : "";
    if (/^(?![./#]|[a-z]+:)/i.test(specifier) && parent && inside(root, parent) && !inside(mirror, parent)) {
      try {
        return next(specifier, { ...context, parentURL: pathToFileURL(mirrored(parent)).href });
      } catch (error) {
        if (!/MODULE_NOT_FOUND/.test(error?.code)) throw error;
      }
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (url.startsWith("file:")) {
      const path = fileURLToPath(url);
      note(path);
      for (let at = dirname(path); inside(root, at) && !inside(mirror, at); at = dirname(at)) note(join(at, "package.json"));
    }
    return next(url, context);
  },
};

/** One name in make's format. */
function escaped(path) {
  const name = inside(root, path) ? relative(root, path) : path;
  return name.split(sep).join("/").replace(/\$/g, "$$$$").replace(/[ #]/g, "\\$&");
}

process.chdir(project);
process.env.NODE_PATH = homes(project).join(process.platform === "win32" ? ";" : ":");
createRequire(import.meta.url)("node:module").Module._initPaths();
module.registerHooks?.(hooks);
observe(fs, ["readFileSync", "readFile", "openSync", "open", "createReadStream"]);
observe(fs.promises, ["readFile", "open"]);
module.syncBuiltinESMExports();
const compiler = homes(project).map((folder) => join(folder, "assemblyscript", "dist", "asc.js")).find((file) => existsSync(file));
const asc = await import(pathToFileURL(compiler ?? join(homes(project)[0], "assemblyscript", "dist", "asc.js")));
const failed = (error) => {
  console.error([error.message, error.cause?.message].filter(Boolean).join(": "));
  return { error };
};
const { error } = await asc.main([...words, "--outFile", out], {
  stdout: process.stdout,
  stderr: process.stderr,
  readFile: async (name, folder) => {
    const text = await readText(name, folder);
    if (text !== null) note(place(resolve(project, folder ?? ".", name)));
    return name.endsWith(".json") ? text?.replace(/^\uFEFF/, "") ?? null : text; // a configuration as Windows writes it
  },
  writeFile: write,
  listFiles,
}).catch(failed);
writeFileSync(depfile, `module: ${[...read].sort().map(escaped).join(" ")}\n`);
if (error) process.exitCode = 1;
