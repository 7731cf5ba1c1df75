// Writes schemas/<schema name>.json; with --check it only compares and exits 1 where a file is missing, stale or too many.
// Run with Node 24: node --conditions @cto/source scripts/write-schemas.mjs [--check]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toJsonSchemas } from "../src/index.ts";

const directory = fileURLToPath(new URL("../schemas/", import.meta.url));
const check = process.argv.includes("--check");
mkdirSync(directory, { recursive: true });
const wanted = new Map(
  [...toJsonSchemas()].map(([name, schema]) => [`${name}.json`, `${JSON.stringify(schema, null, 2)}\n`]),
);
const present = readdirSync(directory);
const stale = [
  ...[...wanted]
    .filter(([file, text]) => !present.includes(file) || readFileSync(join(directory, file), "utf8") !== text)
    .map(([file]) => file),
  ...present.filter((file) => !wanted.has(file)),
];
for (const file of stale) {
  const text = wanted.get(file);
  console.log(`${check ? "stale" : text === undefined ? "removed" : "wrote"}: schemas/${file}`);
  if (check) continue;
  if (text === undefined) rmSync(join(directory, file));
  else writeFileSync(join(directory, file), text);
}
if (check && stale.length > 0) {
  console.log("Run: node --conditions @cto/source packages/evidence-interface/scripts/write-schemas.mjs");
  process.exitCode = 1;
}
