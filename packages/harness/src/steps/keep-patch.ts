import { constants, createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromPathText } from "@cto/evidence-interface";
import { createPatchScanner, type SecretFinding, scanBytesForSecrets } from "@cto/gates";
import { type TreeChange, writePatch } from "@cto/workspace";
import { addBlocker, type RunContext } from "../run/run-context.ts";
import type { KeptPatch } from "../run/run-draft.ts";
import { toBudgetHint } from "../run/to-budget-hint.ts";
import type { WrittenTree } from "./collect-effects.ts";

const longLine = 4 * 1024 * 1024;
const overlap = 1024;
const blobLimit = 64 * 1024 * 1024;
const findingLimit = 100;

/** Writes the patch and looks through it for secrets; one that holds any goes into quarantine and not into the bundle. */
export async function keepPatch(
  context: RunContext,
  result: WrittenTree,
): Promise<{ readonly patch: KeptPatch | null; readonly secrets: readonly SecretFinding[] }> {
  const { budget, draft, folders, ports, record } = context;
  const { baseline, startTree } = draft;
  if (baseline === null || startTree === null) throw new Error("the start tree is known before the engine runs");
  const maxBytes = budget.artifact_bytes;
  const request = { from: startTree, to: result.tree, file: folders.patch, maxBytes };
  const written = await record.timed("patch.write", () => writePatch(baseline, request));
  if (written.kind === "too-large") {
    addBlocker(
      draft,
      "artifact_write_failure",
      `the patch alone is larger than budget.artifact_bytes (${maxBytes} bytes)`,
      toBudgetHint(context, "artifact_bytes"),
    );
    return { patch: null, secrets: [] };
  }
  const { bytes, sha256 } = written;
  const secrets = (await findSecrets(context, result.changes)).slice(0, findingLimit);
  if (secrets.length === 0) return { patch: { kind: "bundle", bytes }, secrets };
  const path = ports.store.writeQuarantine(context.runId, "patch.diff", await readFile(folders.patch));
  return { patch: { kind: "quarantine", path, bytes, sha256, findings: secrets }, secrets };
}

async function findSecrets({ folders }: RunContext, changes: readonly TreeChange[]): Promise<SecretFinding[]> {
  const scanner = createPatchScanner();
  let rest = "";
  for await (const chunk of createReadStream(folders.patch, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) scanner.addLine(line);
    // A line may be as long as a file. Its first character says whether it was added.
    if (rest.length > longLine) {
      scanner.addLine(rest);
      rest = rest.charAt(0) + rest.slice(-overlap);
    }
  }
  if (rest !== "") scanner.addLine(rest);
  const found = [...scanner.findings()];
  const binary = new Set(scanner.binaryPaths());
  for (const { newMode, path } of changes) {
    if (binary.has(path) && newMode.startsWith("100")) found.push(...(await scanBlob(folders.workspace, path)));
  }
  return found;
}

/** A patch shows a binary file compressed; the file itself still lies in the workspace. */
async function scanBlob(workspace: string, path: string): Promise<readonly SecretFinding[]> {
  const name = Buffer.concat([Buffer.from(join(workspace, "/")), fromPathText(path) ?? Buffer.from(path)]);
  const handle = await open(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, blobLimit)), 0);
    return scanBytesForSecrets(path, buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}
