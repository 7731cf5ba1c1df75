#!/usr/bin/env node
// @ts-check
// Checks the rules of the house that a linter does not know, on every file that git tracks or would track.
import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileRules, missingFiles, unreleasedPackages } from "./rules.mjs";

/** @typedef {{path: string, line: number, rule: string, message: string}} Finding */

/**
 * All breaches in the repository at `root`, file by file. Binary files are left out. Throws if `root` is not a git repository.
 * @param {string} root
 * @returns {Finding[]}
 */
export function checkStyle(root) {
  const files = listFiles(root).map((path) => ({ path, text: readText(join(root, path)) }));
  const ofPackages = [...missingFiles(files.map(({ path }) => path)), ...unreleasedPackages(files)];
  return [
    ...files.flatMap((file) => checkFile(file)),
    ...ofPackages.map(({ path, message }) => ({ path, line: 1, rule: "package-shape", message })),
  ];
}

/** @param {string} root */
function listFiles(root) {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    { cwd: root, encoding: "utf8" },
  );
  return listed
    .split("\0")
    .filter((path) => path !== "" && lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile());
}

/** @param {string} path */
function readText(path) {
  const bytes = readFileSync(path);
  return bytes.includes(0) ? "" : bytes.toString("utf8");
}

/**
 * @param {import("./rules.mjs").TrackedFile} file
 * @returns {Finding[]}
 */
export function checkFile(file) {
  return fileRules
    .filter(({ applies, except }) => applies.test(file.path) && !except?.test(file.path))
    .flatMap((rule) => rule.find(file).map((breach) => ({ path: file.path, rule: rule.name, ...breach })));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const findings = checkStyle(fileURLToPath(new URL("../..", import.meta.url)));
  for (const { path, line, rule, message } of findings) console.error(`${path}:${line} [${rule}] ${message}`);
  console.log(`style: ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
