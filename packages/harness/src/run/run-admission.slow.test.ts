import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "@cto/engine-interface";
import type { FailureCode } from "@cto/evidence-interface";
import { beforeAll, describe, expect, it } from "vitest";
import { localModel } from "../__fixtures__/asked-place.ts";
import { createKitEngine } from "../__fixtures__/governed-run.ts";
import { copyPlace, createPlace, type Place, runAt } from "../__fixtures__/ladder-kit.ts";
import { codesOf, type KitOptions, messageOf, type SeenRun, writeFiles } from "../__fixtures__/run-kit.ts";

type Fields = Readonly<Record<string, unknown>>;

const script = {
  file: "stranger.yaml",
  text: 'schema: cto.fake-script.v1\nsteps: [{write: {path: a.txt, text: "new\\n"}}]\n',
};

/** The fake under another name: nothing about it is built in any more. `probed` notes whether anybody asked it. */
function createStranger(probed: string[]): Engine {
  const fake = createKitEngine();
  return {
    describe: () => ({ ...fake.describe(), id: "stranger" }),
    doProbe: () => {
      probed.push("probe");
      return fake.doProbe(script);
    },
    doRun: (session) => fake.doRun({ ...session, input: script }),
  };
}

const word = {
  approval_source: "board",
  approval_timestamp: "2026-01-01T08:00:00.000Z",
  review_trigger: "a new version",
};
const records: Readonly<Record<string, Fields>> = {
  decision: { schema: "cto.provider-decision.v1", decision: "local_provider_required", reason: "private", ...word },
  model: {
    schema: "cto.model-admission.v1",
    id: "local",
    ...word,
    ...localModel,
    credential_source: "none",
    network: "loopback",
    prices: null,
    status: "admitted",
  },
  source: {
    schema: "cto.source-admission.v1",
    id: "stranger-source",
    ...word,
    name: "stranger",
    url: "https://example.org/stranger",
    type: "git-repository",
    pinned: "abc123",
    previous: null,
    conformance: null,
    licence: { status: "resolved", expression: "MIT", note: "read in LICENSE" },
    retrieved_at: "2026-01-01T07:00:00.000Z",
    retrieval_command: "git clone",
    integrity: "sha256:abc",
    allowed_execution: "sandbox-only",
    protected_boundary: "read only",
  },
};

let place: Place;
let engine: Fields;
let target: Fields;
beforeAll(async () => {
  place = await createPlace();
  target = JSON.parse(readFileSync(join(place.store.home, "cto/admissions/site.json"), "utf8")) as Fields;
  const probe = await createKitEngine().doProbe(script);
  if (probe.kind !== "ready") throw new Error("the fake is not ready");
  engine = {
    schema: "cto.executable-admission.v1",
    id: "stranger",
    ...word,
    engine: "stranger",
    source: "stranger-source",
    path: "/opt/stranger",
    package: null,
    version: probe.version,
    sha256: createHash("sha256").update(readFileSync(probe.executable)).digest("hex"),
    identity_probe: { command: ["stranger", "--version"], answer: probe.version },
    command_shape: ["stranger"],
    status: "admitted",
  };
});

/** Writes records under their names; undefined leaves one out. */
function lay(at: Place, files: Readonly<Record<string, Fields | undefined>>): void {
  rmSync(join(at.store.home, "cto/admissions"), { recursive: true, force: true });
  for (const [name, record] of Object.entries(files))
    if (record !== undefined) writeFiles(at.store.home, { [`cto/admissions/${name}.json`]: JSON.stringify(record) });
}

function expectClosed(run: SeenRun, code: FailureCode, field: string): void {
  expect([field, codesOf(run)]).toEqual([field, [code]]);
  expect(messageOf(run)).toContain(field);
  expect(run.report.process_started).toBe(false);
  expect(run.report.status).toBe("blocked");
  expect(run.verified).toMatchObject({ verdict: "unsigned" });
}

/** A record once for each of its fields: without it, and with something that it cannot be. */
const spoilt = (record: Fields): readonly (readonly [field: string, record: Fields])[] =>
  Object.keys(record)
    .filter((field) => field !== "schema")
    .flatMap((field) => {
      const { [field]: _, ...without } = record;
      return [[field, without] as const, [field, { ...record, [field]: { nobody: "knows" } }] as const];
    });

describe("every field of a record that is missing or wrong closes the gate before anything starts, and is named", () => {
  it("of a target, at stage 5", async () => {
    const home = copyPlace(place);
    for (const [field, site] of spoilt(target)) {
      lay(home, { site });
      expectClosed(await runAt(home, 5), "target_not_admitted", field);
    }
  });

  it.each(["decision", "model"])("of a %s", async (kind) => {
    const home = copyPlace(place);
    const { decision, model } = records;
    for (const [field, broken] of spoilt(records[kind] ?? {})) {
      lay(home, { decision, model, [kind]: broken });
      expectClosed(await runAt(home, 2, { model: localModel }), "model_not_admitted", field);
    }
    lay(home, { decision, model });
    expect(codesOf(await runAt(home, 2, { model: localModel }))).toEqual([]);
  });

  it("of an engine and of its source, before the engine is even probed", async () => {
    const home = copyPlace(place);
    const probed: string[] = [];
    const options: KitOptions = { engine: createStranger(probed), optedIn: ["stranger"] };
    const { source } = records;
    for (const [field, broken] of spoilt(engine)) {
      lay(home, { engine: broken, source });
      expectClosed(await runAt(home, 3, options), "engine_not_admitted", field);
    }
    for (const [field, broken] of spoilt(source ?? {})) {
      lay(home, { engine, source: broken });
      expectClosed(await runAt(home, 3, options), "engine_not_admitted", field);
    }
    expect(probed).toEqual([]);
  });
});

describe("a record that is whole and says no", () => {
  const stranger = (): KitOptions => ({ engine: createStranger([]), optedIn: ["stranger"] });

  it.each<[string, Fields, Fields, string]>([
    ["another version", { version: "99.0.0" }, {}, "version"],
    ["another executable", { sha256: "0".repeat(64) }, {}, "sha256"],
    ["not admitted", { status: "not_admitted" }, {}, "status"],
    ["never to be executed", {}, { allowed_execution: "never" }, "allowed_execution"],
    ["a changed pin without a conformance run", {}, { previous: "older" }, "conformance"],
    [
      "an unresolved licence",
      {},
      { licence: { status: "unresolved", expression: "NOASSERTION", note: "asked" } },
      "licence",
    ],
    ["a source that is not there", { source: "elsewhere" }, {}, "elsewhere"],
  ])("keeps an engine from stage 3: %s", async (_what, fields, sourceFields, named) => {
    const home = copyPlace(place);
    lay(home, { engine: { ...engine, ...fields }, source: { ...records.source, ...sourceFields } });
    expectClosed(await runAt(home, 3, stranger()), "engine_not_admitted", named);
  });

  it("an engine that nobody opted in, and one that a layer leaves out whoever opts it in", async () => {
    const home = copyPlace(place);
    lay(home, { engine, source: records.source });
    expectClosed(await runAt(home, 3, { engine: createStranger([]) }), "engine_not_admitted", "was not opted in");
    writeFiles(home.store.home, { "cto/config.yaml": "schema: cto.config.v1\npolicy: {engines: [fake]}\n" });
    expectClosed(await runAt(home, 3, stranger()), "engine_not_admitted", "engines");
  });

  it("an unresolved licence admits stage 2; a resolved one opens the gate of stage 3 too", async () => {
    const home = copyPlace(place);
    const licence = { status: "unresolved", expression: "NOASSERTION", note: "asked" };
    lay(home, { engine, source: { ...records.source, licence } });
    expect(codesOf(await runAt(home, 1, stranger()))).toEqual(["gate_missing"]);
    const second = await runAt(home, 2, stranger());
    expect([codesOf(second), second.verified.verdict]).toEqual([[], "unsigned"]);
    lay(home, { engine, source: records.source });
    const third = await runAt(home, 3, stranger());
    expect([codesOf(third), messageOf(third)]).toEqual([
      ["stage_not_proven"],
      expect.stringContaining("was not compared with the fake"),
    ]);
    expect(third.verified.verdict).toBe("unsigned");
  });

  it.each([
    ["nothing is decided", { decision: "not_decided" }, {}],
    ["only local ones may", {}, { network: "external" }],
    ["it was not admitted", {}, { status: "not_admitted" }],
    ["it is for another model", {}, { model: "large" }],
  ])("keeps a model out: %s", async (_what, decision, model) => {
    const home = copyPlace(place);
    lay(home, { decision: { ...records.decision, ...decision }, model: { ...records.model, ...model } });
    expectClosed(await runAt(home, 2, { model: localModel }), "model_not_admitted", "model");
  });
});
