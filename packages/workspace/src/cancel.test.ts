import { access, mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestDirectory, type TestDirectory } from "@cto/git-state/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyPatch, checkOut, createBaseline, takeSnapshot, writePatch, writeResultTree } from "./index.ts";
import { createTestWorkspace, type TestWorkspace } from "./testing/test-workspace.ts";

let workspace: TestWorkspace;
let extra: TestDirectory;
beforeEach(async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  extra = await createTestDirectory();
});
afterEach(async () => {
  await workspace.remove();
  await extra.remove();
});

test("an abort ends the reading of a sparse file of 10 TB", async () => {
  await writeFile(join(extra.path, "sparse"), "");
  await truncate(join(extra.path, "sparse"), 10e12);
  const stop = new AbortController();
  const running = takeSnapshot(extra.path, { signal: stop.signal });
  setTimeout(() => stop.abort("enough"), 50);
  await expect(running).rejects.toMatchObject({ code: "WORKSPACE_CANCELED", cause: "enough" });
});

test("an abort ends a walk over many files between two of them", async () => {
  for (let at = 0; at < 3_000; at += 1) await writeFile(join(extra.path, `${at}`), Buffer.alloc(16_384));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 0);
  const before = performance.now();
  await expect(takeSnapshot(extra.path, { signal: stop.signal })).rejects.toMatchObject({ code: "WORKSPACE_CANCELED" });
  const canceledMs = performance.now() - before;
  await takeSnapshot(extra.path);
  expect(canceledMs).toBeLessThan(performance.now() - before - canceledMs);
});

test("a signal that has aborted stops every call, and none of them leaves its result behind", async () => {
  const { baseline, checkout, scratch } = workspace;
  await workspace.write("a", "2\n");
  const snapshot = await takeSnapshot(checkout.directory);
  const result = await writeResultTree(baseline, checkout, { snapshot });
  if (result.kind !== "written") throw new Error(result.message);
  const patch = { from: checkout.tree, to: result.tree, maxBytes: 1e6 };
  const file = join(scratch, "patch.diff");
  await writePatch(baseline, { ...patch, file });
  const fresh = await checkOut(baseline, join(scratch, "fresh"));
  const signal = AbortSignal.abort();
  const places = Object.fromEntries(["checkout", "baseline"].map((name) => [name, join(extra.path, name)]));
  const source = { kind: "fixture", from: join(scratch, "fixture") } as const;
  const canceled = { code: expect.stringMatching(/^(?:GIT|WORKSPACE)_CANCELED$/) };
  await expect(takeSnapshot(checkout.directory, { signal })).rejects.toMatchObject(canceled);
  await expect(writeResultTree(baseline, checkout, { snapshot, signal })).rejects.toMatchObject(canceled);
  await expect(writePatch(baseline, { ...patch, file: `${file}-2`, signal })).rejects.toMatchObject(canceled);
  await expect(applyPatch(baseline, fresh, file, { signal })).rejects.toMatchObject(canceled);
  await expect(checkOut(baseline, places.checkout ?? "", { signal })).rejects.toMatchObject(canceled);
  await expect(createBaseline(source, places.baseline ?? "", { signal })).rejects.toMatchObject(canceled);
  for (const path of [`${file}-2`, places.checkout ?? "", places.baseline ?? ""]) {
    await expect(access(path)).rejects.toMatchObject({ code: "ENOENT" });
  }
  expect(await applyPatch(baseline, fresh, file)).toMatchObject({ kind: "applied", tree: result.tree });
});

test("refuses a file that goes over the limit before it is read, and counts only what is read", async () => {
  await mkdir(join(extra.path, "z"));
  await writeFile(join(extra.path, "a"), "12345");
  await writeFile(join(extra.path, "z/b"), "12345");
  const previous = await takeSnapshot(extra.path, { maxBytes: 10 });
  await expect(takeSnapshot(extra.path, { maxBytes: 9 })).rejects.toMatchObject({
    code: "WORKSPACE_TOO_LARGE",
    message: "z/b takes the files to read over 9 bytes",
    details: { path: "z/b", max_bytes: 9 },
  });
  await truncate(join(extra.path, "z/b"), 10e12);
  await expect(takeSnapshot(extra.path, { maxBytes: 1e9, previous })).rejects.toMatchObject({
    code: "WORKSPACE_TOO_LARGE",
  });
});

test("refuses a fixture that is too large without reading it", async () => {
  await truncate(join(workspace.scratch, "fixture/a"), 10e12);
  const source = { kind: "fixture", from: join(workspace.scratch, "fixture") } as const;
  await expect(createBaseline(source, join(extra.path, "baseline"))).rejects.toMatchObject({
    code: "WORKSPACE_FIXTURE_TOO_LARGE",
  });
});
