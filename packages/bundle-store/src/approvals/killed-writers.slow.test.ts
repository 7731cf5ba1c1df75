import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { APPROVAL_DECISION_TYPE } from "@cto/evidence-interface";
import { expect, it } from "vitest";
import { createTemporaryStore } from "../test/sample-run.ts";

const kills = 40;

it(`after each of ${kills} SIGKILLs every key, packet, decision and claim is whole or absent`, async () => {
  await using place = createTemporaryStore();
  const { approvals, keys, root } = place.store;
  const script = fileURLToPath(new URL("../test/recording-process.ts", import.meta.url));
  const hits = new Map<string, number>();
  for (let number = 0; number < kills; number += 1) {
    const child = spawn(process.execPath, ["--conditions=@cto/source", script, place.home, `p${number}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await sleep((number % 10) * 10);
    child.kill("SIGKILL");
    await once(child, "exit");
    const drafts = fs
      .readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => name.includes(".draft-"));
    for (const draft of drafts) {
      const what = draft.replace(/^.*\.draft-(?:p[\d-]+)?(.*)-[0-9a-f]+$/, "$1");
      hits.set(what, (hits.get(what) ?? 0) + 1);
      fs.rmSync(path.join(root, draft));
    }
  }
  const rows = approvals.list();
  for (const row of rows) expect(row).toMatchObject({ kind: "readable" });
  const records = rows.flatMap((row) => (row.kind === "readable" ? [row] : []));
  for (const { claim, decision } of records) {
    if (decision !== null) expect(decision.envelope).toMatchObject({ payloadType: APPROVAL_DECISION_TYPE });
    if (claim !== null) expect(decision).not.toBeNull();
  }
  const all = keys.listKeys();
  for (const row of all) expect(row).toMatchObject({ kind: "usable" });
  const [decisions, claims] = (["decision", "claim"] as const).map(
    (name) => records.filter((record) => record[name] !== null).length,
  );
  const shown = [...hits].map(([what, count]) => `${what} ${count}`).join(", ");
  console.info(
    `kills in the middle of writing: ${shown}; whole: ${all.length} keys, ${records.length} packets, ${decisions} decisions, ${claims} claims`,
  );
  expect([hits.size, all.length, records.length, decisions, claims].every((count = 0) => count > 0)).toBe(true);
});

it("a draft that a killed process left goes away with the next write", async () => {
  await using place = createTemporaryStore();
  const { keys, root } = place.store;
  keys.createKey({ name: "first" });
  const [old, fresh] = [".draft-a.pem-1", ".draft-b.pem-2"].map((name) => path.join(root, "keys", name));
  for (const file of [old, fresh]) fs.writeFileSync(file ?? "", "-----BEGIN");
  fs.utimesSync(old ?? "", 0, 0);
  keys.createKey({ name: "second" });
  expect(fs.readdirSync(path.join(root, "keys")).sort()).toEqual([".draft-b.pem-2", "first.pem", "second.pem"]);
});
