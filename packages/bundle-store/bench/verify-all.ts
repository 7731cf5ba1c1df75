import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { verifyRunDirectory } from "@cto/bundle-store";

const count = 1000;
const source = path.resolve(import.meta.dirname, "../../evidence-interface/src/__fixtures__/valid/pass");
const root = fs.mkdtempSync(path.join(os.tmpdir(), "cto-bench-"));
try {
  const bundles = Array.from({ length: count }, (_, index) => path.join(root, `b${index}`));
  for (const bundle of bundles) fs.cpSync(source, bundle, { recursive: true });
  for (let round = 0; round < 5; round += 1) {
    let start = performance.now();
    execFileSync("sh", ["-c", `find ${root} -type f -print0 | xargs -0 sha256sum > /dev/null`]);
    const baseline = performance.now() - start;
    start = performance.now();
    const verdicts = new Map<string, number>();
    for (const bundle of bundles) {
      const { verdict } = verifyRunDirectory(bundle);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    const ours = performance.now() - start;
    console.log(
      `verify ${ours.toFixed(0)} ms, sha256sum ${baseline.toFixed(0)} ms, ratio ${(ours / baseline).toFixed(2)}`,
      [...verdicts],
    );
  }
} finally {
  fs.rmSync(root, { recursive: true });
}
