// What a project's .npmrc may say to an npm that has the network: addresses and how to install, but no programs.
//
// npm gives a token to the host that it is for, so a registry of the project gets none of the user's. But .npmrc may put any variable
// into an address or a token: that is done only for hosts that the user's own configuration names.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const SAYS = "wbuild: "; // in front of what people are told
const MEANT = "if you mean it, say it in .npmrc of your home too";
const REGISTRY = /^(?:@[\w.-]+:)?registry$/;
const ACCOUNT = /^\/\/[^\s=]+:(?:_authToken|_auth|username|_password|email)$/;
const KEPT = new Set([
  "before", "bin-links", "cpu", "dev", "engine-strict", "fetch-retries", "fetch-retry-factor", "fetch-retry-maxtimeout",
  "fetch-retry-mintimeout", "fetch-timeout", "force", "include", "include-workspace-root", "install-links", "install-strategy",
  "legacy-bundling", "legacy-peer-deps", "libc", "lockfile-version", "maxsockets", "omit", "only", "optional", "os", "package-lock",
  "prefer-dedupe", "prefer-offline", "prefer-online", "production", "replace-registry-host", "strict-peer-deps", "workspaces",
]);
const QUIET = /^(?:audit.*|fund|progress|loglevel|color|unicode|timing|update-notifier|init[.-].*|save.*|tag.*|sign-.*|commit-hooks|message|access|heading|ignore-scripts|yes|long|json|parseable|description|allow-same-version|auto-install-peers|shamefully-hoist|public-hoist-pattern|hoist.*|node-linker|use-node-version|link-workspace-packages|always-auth|email|git-tag-version|script-prepend-node-path|cache-.*|logs-.*)$/;

// The pairs of an .npmrc, in order; sections mean nothing to npm.
export function pairs(text) {
  const found = [];
  for (const raw of text.replace(/^\uFEFF/, "").split(/[\r\n]+/)) {
    const line = raw.trim();
    if (!line || /^[;#]/.test(line)) continue;
    if (/^\[[^\]]*\]\s*$/.test(line)) break;
    const at = line.indexOf("=");
    found.push([bare(at < 0 ? line : line.slice(0, at)), at < 0 ? "true" : bare(line.slice(at + 1))]);
  }
  return found;
}

// A key or a value without its quotes and comment.
function bare(text) {
  const word = text.trim();
  if (/^".*"$/.test(word)) {
    try {
      return String(JSON.parse(word));
    } catch {
      return word;
    }
  }
  return /^'.*'$/.test(word) ? word.slice(1, -1) : word.replace(/\s*(?<!\\)[;#].*$/, "").replace(/\\([;#\\])/g, "$1").trim();
}

// Hosts, with their ports, of the addresses in a text.
export function hosts(text) {
  return [...text.matchAll(/\/\/(?:[^/\s@"']*@)?(\[[^\]\s]+\](?::\d+)?|[\w.-]+(?::\d+)?)/g)].map((match) => match[1].toLowerCase());
}

function read(path) {
  return path && existsSync(path) ? readFileSync(path, "utf8") : "";
}

// The hosts that the user's own configuration names, npm's usual registry among them.
function users(npm) {
  const named = Object.entries(process.env).filter(([name]) => /^npm_config_/i.test(name));
  const value = (wanted) => named.find(([name]) => name.toLowerCase().replaceAll("_", "") === wanted)?.[1];
  const files = [value("npmconfiguserconfig") || join(homedir(), ".npmrc"), value("npmconfigglobalconfig")];
  const known = new Set(hosts([...named.flat(), ...files.map(read)].join("\n")));
  const away = mkdtempSync(join(tmpdir(), ".tmp-wbuild-npm-")); // the project's configuration is not asked
  const asked = spawnSync(npm[0], [...npm.slice(1), "config", "get", "registry", "--prefix", away], { cwd: away, encoding: "utf8" });
  rmSync(away, { recursive: true, force: true });
  for (const host of hosts(asked.stdout ?? "")) known.add(host);
  return known;
}

const VARIABLE = /\$\{([^${}]+?)\??\}/g;

// The text of the configuration that npm gets, and what people are told. `npm` is the command line that starts npm.
export function taken(text, npm, named = () => users(npm)) {
  const lines = [];
  const passed = [];
  const unnamed = new Map();
  let known;
  for (const [name, value] of pairs(text)) {
    const key = name.replace(/\[\]$/, "");
    const own = REGISTRY.test(key) || ACCOUNT.test(key);
    const address = (REGISTRY.test(key) ? value : key).replace(VARIABLE, (_, variable) => process.env[variable] ?? "");
    if (own && `${key}${value}`.includes("${")) {
      known ??= named();
      if (key.includes("${") || !hosts(address).length || !hosts(address).every((host) => known.has(host))) {
        unnamed.set(hosts(address)[0] ?? "", key);
        continue;
      }
    }
    if (own || (KEPT.has(key) && !value.includes("${"))) lines.push(`${name} = ${JSON.stringify(value)}\n`);
    else if (!QUIET.test(key)) passed.push(key);
  }
  const says = passed.length ? [`.npmrc: not used while fetching: ${[...new Set(passed)].join(", ")}; ${MEANT}`] : [];
  for (const [host, key] of unnamed) {
    const what = host ? key.replace(/^\/\/.*:/, "") : "registry";
    says.push(`.npmrc: ${what} is left out: no variable is sent to ${host || "an address made of variables"}, which only the project names; ${MEANT}`);
  }
  return { text: lines.join(""), says };
}

// The configuration of a project as npm gets it; people are told what is passed over.
export function configuration(path, npm) {
  const { text, says } = taken(read(path), npm);
  for (const line of says) console.error(`${SAYS}${line}`);
  return text;
}

// The environment that keeps npm from starting what the project, or one of its packages, names: git's packages are installed by an npm of their own.
export function safe() {
  const set = new Set(Object.keys(process.env).map((name) => name.toLowerCase().replaceAll("-", "_")));
  const own = { NPM_CONFIG_GIT: "git", NPM_CONFIG_SCRIPT_SHELL: "sh" };
  const added = Object.entries(own).filter(([name]) => !set.has(name.toLowerCase()));
  return { ...process.env, ...Object.fromEntries(added), NPM_CONFIG_IGNORE_SCRIPTS: "true" };
}
