import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore, verifyRunDirectory } from "@cto/bundle-store";
import type { EngineTask } from "@cto/engine-interface";
import { type Report, toCanonicalJson } from "@cto/evidence-interface";
import { beforeAll, describe, expect, it } from "vitest";
import { decideOpen, openPackets, signDecision, type Wish } from "../__fixtures__/approver-kit.ts";
import { admitModel, answer, approvalFolder, ask, createAskedPlace, localModel } from "../__fixtures__/asked-place.ts";
import { createListeningEngine, writeTask } from "../__fixtures__/governed-run.ts";
import { copyPlace, createPlace, git, type Place, runAt } from "../__fixtures__/ladder-kit.ts";
import { codesOf, createFolder, type KitOptions, messageOf, writeFiles } from "../__fixtures__/run-kit.ts";
import { closeInterruptedRuns } from "../index.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

let asked: Place;
beforeAll(async () => {
  asked = await createAskedPlace();
});

describe("what an approver narrows", () => {
  const wide = { task: { allowed_paths: ["a.txt", "docs/"] } };
  const grantWide = async (wish: Wish, options: KitOptions = wide): Promise<Place> => {
    const place = copyPlace(asked);
    await ask(place, options);
    const packet = openPackets(place.store).find((one) => one !== openPackets(asked.store)[0]) ?? "";
    await place.store.approvals.writeDecision(packet, signDecision(place.approver, packet, wish));
    return place;
  };
  const both = [change, { write: { path: "docs/new.md", text: "new\n" } }];

  it.each([
    ["forbids", { forbidden_paths: ["docs/"] }, "forbidden_path_change"],
    ["no longer allows", { allowed_paths: ["a.txt"] }, "disallowed_file_change"],
  ])(
    "%s a path holds for what the engine really changes, and stands in the evidence",
    async (_what, narrowing, code) => {
      const options = { ...wide, steps: both };
      const place = await grantWide({ narrowing }, options);
      const run = await ask(place, options);
      expect(codesOf(run)).toEqual([code]);
      expect(messageOf(run)).toContain("docs/new.md");
      const { rules } = JSON.parse(run.read("proofs/policy.json"));
      expect(rules.filter(({ layer }: { layer: string }) => layer === "approval")).toHaveLength(1);
      expect(run.verified).toMatchObject({ verdict: "unsigned", status: "fail" });
    },
  );

  it("lets what is left pass", async () => {
    const place = await grantWide({ narrowing: { allowed_paths: ["a.txt"], forbidden_paths: ["docs/"] } });
    const run = await ask(place, wide);
    expect(codesOf(run)).toEqual([]);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "pass" });
  });

  it("is told to the engine", async () => {
    const place = await grantWide({ narrowing: { allowed_paths: ["a.txt"], forbidden_paths: ["docs/"] } });
    const told: EngineTask[] = [];
    const engine = createListeningEngine(told);
    expect(codesOf(await ask(place, { ...wide, engine }))).toEqual([]);
    expect(told).toMatchObject([{ allowed_paths: ["a.txt"], forbidden_paths: ["docs/"] }]);
  });

  it("never widens: then nothing is spent", async () => {
    const place = await grantWide({ narrowing: { allowed_paths: ["a.txt", "b.txt"] } });
    const run = await ask(place, wide);
    expect(codesOf(run)).toEqual(["policy_widened"]);
    expect(messageOf(run)).toMatch(/alice.*allowed_paths\[1\].*b\.txt/);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
    expect(place.store.approvals.list().some((row) => row.kind === "readable" && row.claim !== null)).toBe(false);
  });
});

describe("one approval, once", () => {
  it("of two runs that race for it exactly one starts its engine", async () => {
    const place = await answer(asked);
    const runs = await Promise.all([ask(place), ask(place)]);
    expect(runs.map(codesOf).sort()).toEqual([[], ["approval_consumed"]]);
    expect(runs.filter(({ report }) => report.process_started)).toHaveLength(1);
    expect(runs.map(({ verified }) => verified.verdict)).toEqual(["unsigned", "unsigned"]);
  });

  it("a run that is killed after its claim has spent it, and the closed bundle says so", async () => {
    const place = copyPlace(asked);
    admitModel(place);
    const folder = createFolder();
    const steps = [change, { sleep: 60 }];
    const task = { stage: 6, id: "killed-task", approval: { required: true } };
    const options: KitOptions = { model: localModel, task, steps };
    expect(codesOf(await ask(place, options))).toEqual(["approval_missing"]);
    const packet = openPackets(place.store).find((one) => !openPackets(asked.store).includes(one)) ?? "";
    await place.store.approvals.writeDecision(packet, signDecision(place.approver, packet));
    writeTask(folder, { steps, task });
    const script = fileURLToPath(new URL("../__fixtures__/run-process.ts", import.meta.url));
    const given = JSON.stringify({ stage: 3, target: { directory: place.target }, model: localModel });
    const argv = ["--conditions=@cto/source", script, folder, place.store.home, given];
    const child = spawn(process.execPath, argv, { stdio: "ignore" });
    const ended = once(child, "exit");
    await until(() => isEngineAtWork(place));
    child.kill("SIGKILL");
    await ended;
    expect(existsSync(join(approvalFolder(place, packet), "claim.json"))).toBe(true);
    const [closed] = await closeInterruptedRuns(place.store);
    expect(closed).toMatchObject({ closed: true });
    const directory = join(place.store.root, "runs", closed?.runId ?? "");
    const report = JSON.parse(readFileSync(join(directory, "report.json"), "utf8")) as Report;
    expect(report).toMatchObject({
      status: "blocked",
      approval_status: "consumed",
      process_started: true,
      model: localModel,
    });
    expect(report.blockers.map(({ code }) => code)).toEqual(["interrupted"]);
    expect(verifyRunDirectory(directory)).toMatchObject({ verdict: "unsigned", status: "blocked" });
    const next = await ask(place, options);
    expect(codesOf(next)).toEqual(["approval_consumed"]);
    expect(messageOf(next)).toContain(closed?.runId);
  });

  const put = (place: Place, packet: string, wish: Wish): void => {
    const file = join(approvalFolder(place, packet), "decision.json");
    writeFileSync(file, `${toCanonicalJson(signDecision(place.approver, packet, wish))}\n`);
  };
  it.each<[string, string, RegExp, (place: Place, packet: string) => void]>([
    [
      "has ended",
      "approval_expired",
      /the approval ended at/,
      (place, packet) => put(place, packet, { decidedAt: new Date(Date.now() - 61 * 60_000) }),
    ],
    [
      "was taken back",
      "approval_denied",
      /alice said no/,
      (place, packet) => put(place, packet, { decision: "denied" }),
    ],
    [
      "lost its key",
      "approval_missing",
      /not in cto\/keys\/trusted\.json/,
      ({ store }) => rmSync(join(store.home, "cto/keys/trusted.json")),
    ],
    [
      "was narrowed to more than there is",
      "approval_missing",
      /allowed_paths/,
      (place, packet) => put(place, packet, { narrowing: { allowed_paths: ["b.txt"] } }),
    ],
  ])(
    "what %s by the time the workspace stands is not spent, and no engine starts",
    async (_what, code, message, spoil) => {
      const place = await answer(asked);
      const run = await ask(place, {
        onProgress: ({ state, step }) => {
          if (step === "gates" && state === "passed") spoil(place, place.packet);
        },
      });
      expect(codesOf(run)).toEqual([code]);
      expect(messageOf(run)).toMatch(message);
      expect(run.report.process_started).toBe(false);
      expect(existsSync(join(approvalFolder(place, place.packet), "claim.json"))).toBe(false);
      expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
    },
  );

  it("a run that cannot make its workspace does not spend it", async () => {
    const place = await createPlace();
    writeFiles(place.target, { ".gitignore": "vendor/\n" });
    git(place.target, "add", "-A");
    git(place.target, "commit", "-q", "-m", "Ignore vendor");
    const task = { bring: ["vendor/"] };
    await ask(place, { task });
    const packet = await decideOpen(place.store, place.approver);
    const early = await ask(place, { task });
    expect(codesOf(early)).toEqual(["gate_missing"]);
    expect(messageOf(early)).toContain("bring: vendor");
    expect(early.verified.verdict).toBe("unsigned");
    expect(readdirSync(approvalFolder(place, packet)).sort()).toEqual(["decision.json", "packet.json"]);
    mkdirSync(join(place.target, "vendor"));
    expect(codesOf(await ask(place, { task }))).toEqual([]);
  });
});

describe("out of the engine's reach", () => {
  it("an approval without isolation is refused, and nobody is asked", async () => {
    const place = copyPlace(asked);
    const run = await runAt(place, 2, { isolation: "none", task: { approval: { required: true } } });
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(messageOf(run)).toContain("without isolation the engine could sign its own approval");
    expect(run.report.process_started).toBe(false);
    expect(openPackets(place.store)).toEqual(openPackets(asked.store));
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("the engine sees neither keys, packets, records nor the home that they lie in", async () => {
    const place = await createPlace();
    const home = openStore({ home: place.store.home });
    home.keys.createKey({ name: "alice" });
    const names = [
      "packet.json",
      "decision.json",
      "claim.json",
      "alice.pem",
      "trusted.json",
      "site.json",
      "ledger.ndjson",
    ];
    const search = ["find", "/", "(", "-path", "/proc", "-o", "-path", "/usr", ")", "-prune", "-o"];
    const wanted = names.flatMap((name, index) => [...(index === 0 ? [] : ["-o"]), "-name", name]);
    const steps = [
      { run: { argv: [...search, "(", ...wanted, ")", "-print"], ok_to_fail: true } },
      { run: { argv: ["ls", "-d", place.store.root, place.store.home, place.target], ok_to_fail: true } },
      { run: { argv: ["sh", "-c", "echo looked"] } },
      change,
    ];
    await ask(place, { steps });
    await decideOpen(place.store, place.approver);
    const run = await ask(place, { steps });
    expect(codesOf(run)).toEqual([]);
    const noise = run
      .read("backend/engine.stdout.log")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("{"));
    expect(noise).toEqual(["looked"]);
  });
});

/** The engine of a run of the home has been started. */
function isEngineAtWork({ store }: Place): boolean {
  const logs = store.listRunDirectories().map((directory) => join(directory, "events.normalized.jsonl"));
  return logs.some((log) => existsSync(log) && readFileSync(log, "utf8").includes("engine.started"));
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !isTrue(); ) {
    if (Date.now() > end) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
