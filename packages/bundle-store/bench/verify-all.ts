import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { readBundleFacts } from "@cto/bundle-store";
import { verifyBundle } from "@cto/evidence-interface";

/**
 * Reading and judging 1,000 bundles, against `sha256sum` over the same files. The first round is what one `verify --all` pays (cold code), without
 * the start of the process. Bar for the whole command: 2, aim: 1.5.
 */
const count = 1000;
const golden = path.resolve(import.meta.dirname, "../../evidence-interface/src/__fixtures__/valid/pass");
const root = fs.mkdtempSync(path.join(os.tmpdir(), "cto-bench-"));

function time(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

try {
  const bundles = Array.from({ length: count }, (_, index) => path.join(root, `b${index}`));
  for (const bundle of bundles) fs.cpSync(golden, bundle, { recursive: true });
  for (let round = 0; round < 5; round += 1) {
    const baseline = time(() =>
      execFileSync("sh", ["-c", 'find "$1" -type f -print0 | xargs -0 sha256sum > /dev/null', "sh", root]),
    );
    let judging = 0;
    const all = time(() => {
      for (const bundle of bundles) {
        const facts = readBundleFacts(bundle);
        judging += time(() => verifyBundle(facts));
      }
    });
    const parts = `reading ${(all - judging).toFixed(0)} ms + judging ${judging.toFixed(0)} ms`;
    console.log(`${parts}, sha256sum ${baseline.toFixed(0)} ms, ratio ${(all / baseline).toFixed(2)}`);
  }
} finally {
  fs.rmSync(root, { recursive: true });
}
