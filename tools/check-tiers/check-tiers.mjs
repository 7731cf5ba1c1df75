#!/usr/bin/env node
// @ts-check
// Checks that dependencies and imports follow the tiers of tiers.mjs.
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { scanSource } from "./scan-source.mjs";
import { exceptions, forbiddenCalls, forbiddenGlobals, reservedModules, tiers, verifierBan } from "./tiers.mjs";

/** @typedef {{file: string, line: number, rule: string, message: string}} Finding */
/** @typedef {{name: string, dependencies?: Record<string, string>, devDependencies?: Record<string, string>, exports?: Record<string, unknown>}} Manifest */
/** @typedef {{folder: string, short: string, manifest: Manifest, tier: keyof typeof tiers | undefined}} Package */

/**
 * All breaches of the tiers below `root`, in order of file and line.
 * @param {string} root
 * @returns {Finding[]}
 */
export function checkTiers(root) {
  const packages = readPackages(root);
  const rootDev = readManifest(join(root, "package.json")).devDependencies ?? {};
  const findings = packages.flatMap((entry) => [
    ...checkManifest(root, entry, packages),
    ...readSources(root, entry).flatMap((source) => checkSource(source, entry, packages, rootDev)),
  ]);
  return findings.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

/** @param {string} root @returns {Package[]} */
function readPackages(root) {
  return ["packages", "apps"].flatMap((group) => {
    if (!existsSync(join(root, group))) return [];
    const folders = readdirSync(join(root, group)).filter((name) =>
      existsSync(join(root, group, name, "package.json")),
    );
    return folders.map((short) => ({
      folder: `${group}/${short}`,
      short,
      manifest: readManifest(join(root, group, short, "package.json")),
      tier: tierNames.find((tier) => tiers[tier].packages.includes(short)),
    }));
  });
}

const tierNames = /** @type {(keyof typeof tiers)[]} */ (Object.keys(tiers));

/** @param {string} path @returns {Manifest} */
function readManifest(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** @param {string} root @param {Package} entry */
function readSources(root, entry) {
  const files = globSync("src/**/*.{ts,tsx,mts,js,mjs}", { cwd: join(root, entry.folder) }).sort();
  return files.map((name) => ({
    file: `${entry.folder}/${name}`,
    text: readFileSync(join(root, entry.folder, name), "utf8"),
    isTest: /\.test\.tsx?$|(^|\/)(__fixtures__|test)\//.test(name),
    isProgram: name.startsWith("src/bin/"),
  }));
}

/** @param {string} root @param {Package} entry @param {readonly Package[]} packages @returns {Finding[]} */
function checkManifest(root, { folder, short, manifest, tier }, packages) {
  const file = `${folder}/package.json`;
  const text = readFileSync(join(root, file), "utf8");
  const at = (/** @type {string} */ name) =>
    text.slice(0, text.indexOf(`"${name}"`, text.indexOf('"dependencies"'))).split("\n").length;
  if (tier === undefined) {
    return [
      {
        file,
        line: 1,
        rule: "unknown-package",
        message: `${short} has no tier: add it to tools/check-tiers/tiers.mjs`,
      },
    ];
  }
  const forbidden = Object.keys(manifest.dependencies ?? {}).filter(
    (name) => !mayDependOn(short, tier, name, packages),
  );
  return forbidden.map((name) => ({
    file,
    line: at(name),
    rule: "dependency-direction",
    message: `a ${tier} package may not depend on ${name}: move the code that needs it to a higher tier, or pass it in as a port`,
  }));
}

/** @param {string} short @param {keyof typeof tiers} tier @param {string} name @param {readonly Package[]} packages */
function mayDependOn(short, tier, name, packages) {
  const own = /** @type {Record<string, readonly string[]>} */ (exceptions)[short] ?? [];
  const { also, imports } = tiers[tier];
  if (own.includes(name) || also.includes(name) || also.includes("*")) return true;
  const sibling = packages.find(({ manifest }) => manifest.name === name);
  return sibling?.tier !== undefined && imports.includes(sibling.tier);
}

/** @typedef {{file: string, text: string, isTest: boolean, isProgram: boolean}} Source */

/**
 * @param {Source} source @param {Package} entry
 * @param {readonly Package[]} packages @param {Record<string, string>} rootDev @returns {Finding[]}
 */
function checkSource(source, entry, packages, rootDev) {
  const { file, text, isTest, isProgram } = source;
  const { imports, uses } = scanSource(file, text, { globals: forbiddenGlobals, calls: forbiddenCalls });
  const hermetic = !isTest && !isProgram && entry.tier !== undefined && tiers[entry.tier].hermetic;
  const used = hermetic ? uses : [];
  return [
    ...imports.flatMap(({ specifier, names, line }) => {
      const rules = {
        "relative-import": leavesPackage(file, specifier, entry.folder),
        "undeclared-import": undeclared(specifier, entry, packages, rootDev, isTest),
        hermetic: hermetic ? touchesNode(specifier) : undefined,
        "reserved-module": isTest || isProgram ? undefined : takesReserved(specifier, entry.short),
        "verifier-ban": isTest ? undefined : breaksVerifierBan(entry.short, file, specifier, names),
      };
      return Object.entries(rules).flatMap(([rule, message]) =>
        message === undefined ? [] : [{ file, line, rule, message }],
      );
    }),
    ...used.map(({ name, line }) => ({ file, line, rule: "hermetic", message: `${name}: take it as an argument` })),
  ];
}

// Each of the following answers with what is wrong with an import, or with undefined.

/** @param {string} specifier */
function touchesNode(specifier) {
  return isBuiltin(specifier) ? `${specifier}: let the caller pass what is needed as a port` : undefined;
}

/** @param {string} specifier @param {string} short */
function takesReserved(specifier, short) {
  const owner = /** @type {Record<string, string>} */ (reservedModules)[specifier];
  if (owner === undefined || owner === short) return undefined;
  return `only packages/${owner} imports ${specifier}: use @cto/${owner}`;
}

/** @param {string} specifier */
function isBuiltin(specifier) {
  return specifier.startsWith("node:") || builtinModules.includes(specifier.split("/")[0] ?? "");
}

/** @param {string} file @param {string} specifier @param {string} folder */
function leavesPackage(file, specifier, folder) {
  if (!specifier.startsWith(".")) return undefined;
  const inside = new URL(specifier, `file:///${file}`).pathname.startsWith(`/${folder}/`);
  return inside ? undefined : `${specifier} leaves the package: import it by its package name`;
}

/**
 * @param {string} specifier @param {Package} entry @param {readonly Package[]} packages
 * @param {Record<string, string>} rootDev @param {boolean} isTest @returns {string | undefined}
 */
function undeclared(specifier, entry, packages, rootDev, isTest) {
  if (specifier.startsWith(".") || isBuiltin(specifier)) return undefined;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const { manifest } = entry;
  // An app is bundled: what it needs at build time is all it needs.
  const development = isTest || entry.tier === "app" ? manifest.devDependencies : {};
  const declared = { ...manifest.dependencies, ...development, ...(isTest ? rootDev : {}) };
  if (name !== manifest.name && !(name in declared))
    return `${name} is not declared in ${entry.folder}/package.json: add it, or do without`;
  const sibling = packages.find((other) => other.manifest.name === name);
  const entryPoint = `.${specifier.slice(name.length)}`;
  if (sibling === undefined || entryPoint in (sibling.manifest.exports ?? {})) return undefined;
  return `${specifier} is not an entry of ${name}: import from one of ${Object.keys(sibling.manifest.exports ?? {}).join(", ")}`;
}

/** @param {string} short @param {string} file @param {string} specifier @param {readonly string[]} names */
function breaksVerifierBan(short, file, specifier, names) {
  const except = /** @type {Record<string, RegExp>} */ (verifierBan)[short];
  if (except === undefined || specifier !== "@cto/evidence-interface" || except.test(file)) return undefined;
  if (!names.some((name) => name === "*" || name.startsWith("verify"))) return undefined;
  return "what writes a bundle must not import what verifies it: move this to a file that only verifies";
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const findings = checkTiers(root);
  for (const { file, line, rule, message } of findings) console.error(`${file}:${line} [${rule}] ${message}`);
  console.log(`tiers: ${readPackages(root).length} packages, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
