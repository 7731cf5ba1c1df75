// Writes the golden bundles that do not exist yet. One that exists is kept for ever: it is what version 1 of the format looked like.
// Run with: node --conditions @cto/source scripts/write-golden-bundles.mjs
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { goldenDrafts } from "../test/golden-drafts.ts";
import { seal } from "../test/seal.ts";

const root = fileURLToPath(new URL("../src/__fixtures__/valid/", import.meta.url));
for (const [name, draft] of Object.entries(goldenDrafts)) {
  const directory = join(root, name);
  if (existsSync(directory)) continue;
  for (const [path, bytes] of seal(draft())) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
  console.log(`wrote ${name}`);
}
