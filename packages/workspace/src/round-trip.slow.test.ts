import { chmod, link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyPatch, checkOut, compareTrees, takeSnapshot, writePatch, writeResultTree } from "./index.ts";
import { createTestWorkspace } from "./testing/test-workspace.ts";

const baselineFiles = {
  "a.txt": "1\n2\n3\n",
  "dir/b": "b",
  "dir/deep/c": "c\n",
  run: "#!/bin/sh\n",
  ".gitignore": "*.o\n",
};
const bytes = fc.oneof(
  fc.constantFrom("", "x", "1\n2\n4\n", "no newline", "cr\r\nlf\n", "\0binary\0"),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
);
const name = fc.constantFrom(
  "a.txt",
  "dir",
  "dir/b",
  "dir/deep/c",
  "dir/deep",
  "run",
  "new",
  "x.o",
  "-f",
  'q"\n',
  "dir/\\t",
  "ü",
  ".gitignore",
);
// Later steps act through these links: none may lead out of the temporary directory to anything that exists.
const linkTarget = fc.constantFrom("a.txt", "/nonexistent/cto/x", "..", "dir");
const step = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), name, bytes }),
  fc.record({ kind: fc.constant("delete" as const), name }),
  fc.record({ kind: fc.constant("chmod" as const), name, mode: fc.constantFrom(0o644, 0o755) }),
  fc.record({ kind: fc.constant("symlink" as const), name, target: linkTarget }),
  fc.record({ kind: fc.constant("hardlink" as const), name, to: name }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does what can be done; what the disk refuses is left. */
async function act(root: string, action: Step): Promise<void> {
  const path = join(root, action.name);
  if (action.kind === "chmod") return chmod(path, action.mode);
  await rm(path, { recursive: true, force: true });
  if (action.kind === "delete") return;
  await mkdir(dirname(path), { recursive: true });
  if (action.kind === "write") return writeFile(path, action.bytes);
  if (action.kind === "symlink") return symlink(action.target, path);
  return link(join(root, action.to), path);
}

test("whatever an engine does to files, the patch gives a fresh checkout the same tree and the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const workspace = await createTestWorkspace(baselineFiles);
      const { baseline, checkout, scratch } = workspace;
      for (const action of steps) await act(checkout.directory, action).catch(() => undefined);
      const snapshot = await takeSnapshot(checkout.directory, { previous: workspace.before });
      const result = await writeResultTree(baseline, checkout, { snapshot });
      if (result.kind !== "written") throw new Error(result.message);
      expect(result.leftOut).toEqual([]);
      const file = join(scratch, "patch.diff");
      await writePatch(baseline, { from: checkout.tree, to: result.tree, file, maxBytes: 1e7 });
      const fresh = await checkOut(baseline, join(scratch, "fresh"));
      expect(await applyPatch(baseline, fresh, file)).toMatchObject({ kind: "applied", tree: result.tree });
      const other = await takeSnapshot(fresh.directory);
      expect(compareTrees(snapshot, other, { except: result.ignored })).toEqual([]);
      await workspace.remove();
    }),
    { numRuns: 150 },
  );
});
