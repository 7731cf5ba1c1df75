#!/usr/bin/env node
// @ts-check
// Writes every file that is made from a source of truth elsewhere in this repository. With --check it only compares.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FAILURE_CODES } from "../../packages/evidence-interface/src/failure-codes.ts";
import { toFailureCodesPage } from "./failure-codes-page.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const check = process.argv.includes("--check");

/** Answers true if the file was, or now is, as it should be. @param {string} path @param {string} text */
function generate(path, text) {
  if (existsSync(join(root, path)) && readFileSync(join(root, path), "utf8") === text) return true;
  if (check) return false;
  writeFileSync(join(root, path), text);
  return true;
}

/** A package's own generator: a program that writes, or with --check compares and exits with 1. @param {string} path */
function runGenerator(path) {
  const args = ["--conditions=@cto/source", join(root, path), ...(check ? ["--check"] : [])];
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status === 0;
}

/** @type {Record<string, () => boolean>} */
const generators = {
  "docs/failure-codes.md": () => generate("docs/failure-codes.md", toFailureCodesPage(FAILURE_CODES)),
  "packages/evidence-interface/schemas": () => runGenerator("packages/evidence-interface/scripts/write-schemas.mjs"),
};

const failed = Object.entries(generators).filter(([, run]) => !run());
for (const [target] of failed)
  console.error(check ? `${target} is out of date: run \`pnpm generate\`` : `${target} could not be written`);
console.log(
  `generated: ${Object.keys(generators).length - failed.length} ${check ? "up to date" : "written"}, ${failed.length} ${check ? "out of date" : "failed"}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
