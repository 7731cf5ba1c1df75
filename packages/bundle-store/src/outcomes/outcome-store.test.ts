import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { OUTCOME_FILES, RUN_FILES } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { trustKey } from "../index.ts";
import { sampleOutcomeFiles, sampleOutcomeRun } from "../test/sample-outcome.ts";
import { createTemporaryStore, sealSampleRun, type TemporaryStore } from "../test/sample-run.ts";

const runId = "run-1";
const run = sampleOutcomeRun(runId);

/** A store whose key `ann` is trusted as approver. */
async function createStore(): Promise<TemporaryStore> {
  const temporary = createTemporaryStore();
  await trustKey(temporary.home, temporary.store.keys.createKey({ name: "ann" }), ["approver"]);
  return temporary;
}

const filesOf = ({ store }: TemporaryStore) => sampleOutcomeFiles(run, store.keys.openSigner("ann"));
const folderOf = ({ store }: TemporaryStore, name = runId) => path.join(store.root, "outcomes", name);

async function publish(temporary: TemporaryStore): Promise<void> {
  await temporary.store.outcomes.decide(runId, async (draft) => {
    await draft.prepare(filesOf(temporary));
    await draft.publish();
  });
}

describe("outcomes", () => {
  it("has none before anybody decided, and makes no folder by looking", async () => {
    await using temporary = await createStore();
    expect(temporary.store.outcomes.read(runId, { run })).toEqual({ kind: "none" });
    expect(fs.existsSync(folderOf(temporary, ""))).toBe(false);
  });

  it("shows a record only once it was published, private to its owner", async () => {
    await using temporary = await createStore();
    const { store } = temporary;
    const seen = await store.outcomes.decide(runId, async (draft) => {
      await draft.prepare(filesOf(temporary));
      return [store.outcomes.read(runId, { run }).kind, draft.readPrepared({ run }).kind];
    });
    expect(seen).toEqual(["none", "recorded"]);
    await store.outcomes.decide(runId, (draft) => draft.publish());
    expect(store.outcomes.read(runId, { run })).toMatchObject({ kind: "recorded", outcome: { outcome: "rejected" } });
    expect(fs.readdirSync(folderOf(temporary, ""))).toEqual([runId]);
    expect(fs.readdirSync(folderOf(temporary)).sort()).toEqual(Object.values(OUTCOME_FILES).sort());
    expect(fs.statSync(folderOf(temporary)).mode & 0o777).toBe(0o700);
    expect(fs.statSync(path.join(folderOf(temporary), OUTCOME_FILES.outcome)).mode & 0o777).toBe(0o600);
  });

  it("forgets what was discarded", async () => {
    await using temporary = await createStore();
    await temporary.store.outcomes.decide(runId, async (draft) => {
      await draft.prepare(filesOf(temporary));
      await draft.discard();
      expect(draft.readPrepared({ run })).toEqual({ kind: "none" });
      await draft.discard();
    });
    expect(fs.readdirSync(folderOf(temporary, ""))).toEqual([]);
  });

  it("never replaces a record, not even an empty folder", async () => {
    await using temporary = await createStore();
    fs.mkdirSync(folderOf(temporary), { recursive: true, mode: 0o700 });
    await expect(publish(temporary)).rejects.toMatchObject({
      code: "STORE_WRITE_FAILED",
      details: { system: "EEXIST" },
    });
    expect(fs.readdirSync(folderOf(temporary))).toEqual([]);
  });

  it("reads the facts of the run from its bundle if it is given none", async () => {
    await using temporary = await createStore();
    const { store } = temporary;
    await sealSampleRun(store, runId);
    await publish(temporary);
    const read = store.outcomes.read(runId);
    expect(read).toMatchObject({
      kind: "invalid",
      problems: expect.arrayContaining([
        "outcome.json is about another bundle of that run",
        "outcome.json is about another target",
      ]),
    });
    fs.rmSync(path.join(store.root, "runs", runId, RUN_FILES.report));
    expect(store.outcomes.read(runId)).toEqual({ kind: "invalid", problems: ["the run's bundle is not there"] });
  });

  it.each([
    ["a changed byte", (folder: string) => spoil(path.join(folder, OUTCOME_FILES.outcome))],
    ["a changed signature", (folder: string) => spoil(path.join(folder, OUTCOME_FILES.signature))],
    ["a missing file", (folder: string) => fs.rmSync(path.join(folder, OUTCOME_FILES.events))],
    ["a further file", (folder: string) => fs.writeFileSync(path.join(folder, "note.txt"), "x")],
    ["a link", (folder: string) => replace(folder, (file) => fs.symlinkSync("/etc/hostname", file))],
    ["a directory", (folder: string) => replace(folder, (file) => fs.mkdirSync(file))],
    ["a sparse file of a gigabyte", (folder: string) => fs.truncateSync(path.join(folder, OUTCOME_FILES.outcome), 1e9)],
    [
      "a link in place of the folder",
      (folder: string) => {
        fs.renameSync(folder, `${folder}-elsewhere`);
        fs.symlinkSync(`${folder}-elsewhere`, folder);
      },
    ],
  ])("does not count a record with %s", async (_, damage) => {
    await using temporary = await createStore();
    await publish(temporary);
    damage(folderOf(temporary));
    expect(temporary.store.outcomes.read(runId, { run }).kind).toBe("invalid");
  });

  it("does not count a record of a key that is not trusted any more", async () => {
    await using temporary = await createStore();
    await publish(temporary);
    expect(temporary.store.outcomes.read(runId, { run, trustedKeys: [] }).kind).toBe("invalid");
    fs.writeFileSync(path.join(temporary.home, "cto/keys/trusted.json"), "{");
    expect(() => temporary.store.outcomes.read(runId, { run })).toThrow(
      expect.objectContaining({ code: "TRUSTED_KEYS_INVALID" }),
    );
  });

  it("takes no name that is not a run id", async () => {
    await using temporary = await createStore();
    const { outcomes } = temporary.store;
    const refusal = expect.objectContaining({ code: "STORE_POINTER_INVALID" });
    expect(() => outcomes.read("../keys")).toThrow(refusal);
    await expect(outcomes.decide(".prepared-x", async () => {})).rejects.toEqual(refusal);
  });

  it("lets one decide at a time for a run, and others decide about other runs", async () => {
    await using temporary = await createStore();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} out`);
    };
    const { outcomes } = temporary.store;
    await Promise.all([outcomes.decide(runId, work("a")), outcomes.decide(runId, work("b"))]);
    expect(order.map((entry) => entry.split(" ")[1])).toEqual(["in", "out", "in", "out"]);
    await outcomes.decide(runId, () => outcomes.decide("run-2", work("c")));
    expect(order.at(-1)).toBe("c out");
  });

  it("is whole, prepared or absent wherever the process is killed, and the lock is free again", {
    timeout: 60_000,
  }, async () => {
    await using temporary = await createStore();
    const seen = new Set<string>();
    for (let turn = 0; turn < 12; turn += 1) {
      const child = startDeciding(temporary.home);
      const ended = once(child, "exit").then(() => expect.unreachable("the process ended before it was ready"));
      await Promise.race([once(child.stdout ?? child, "data"), ended]);
      ended.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, turn * 1.7));
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(temporary.store.outcomes.read(runId, { run })).toEqual({ kind: "none" });
      seen.add(await temporary.store.outcomes.decide(runId, async (draft) => draft.readPrepared({ run }).kind));
    }
    await publish(temporary);
    expect(temporary.store.outcomes.read(runId, { run }).kind).toBe("recorded");
    expect(seen.size).toBeGreaterThan(1);
  });
});

function startDeciding(home: string): ChildProcess {
  const script = fileURLToPath(new URL("../test/deciding-process.ts", import.meta.url));
  return spawn(process.execPath, ["--conditions=@cto/source", script, home, runId, "ann"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function spoil(file: string): void {
  const bytes = fs.readFileSync(file);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
}

function replace(folder: string, make: (file: string) => void): void {
  const file = path.join(folder, OUTCOME_FILES.outcome);
  fs.rmSync(file);
  make(file);
}
