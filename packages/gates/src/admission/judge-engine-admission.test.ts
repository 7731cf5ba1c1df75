import { describe, expect, it } from "vitest";
import { BUILT_IN_ENGINE, judgeEngineAdmission, judgeSourceAdmission, type RecordFile } from "../index.ts";
import { NOW, recordFile, SAMPLES } from "./__fixtures__/sample-records.ts";

const probe = { version: "1.2.3", executable_sha256: "a".repeat(64) };
const judge = (records: readonly RecordFile[], question: Partial<Parameters<typeof judgeEngineAdmission>[0]> = {}) =>
  judgeEngineAdmission({ engineId: "codex", probe, records, problems: [], now: NOW, ...question });

const engine = "cto/admissions/engine.json";
const source = "cto/admissions/source.json";

describe("the admission of an engine", () => {
  it("is given by an executable record that fits the probe, and its source record", () => {
    expect(judge([recordFile("engine"), recordFile("source")])).toEqual({
      status: "admitted",
      record: SAMPLES.engine,
      file: engine,
      record_sha256: "f".repeat(64),
      problems: [],
      hint: "Nothing is missing.",
      highestStage: 6,
      highestStageReason: null,
      items: [
        { kind: "executable", id: "codex", status: "admitted", record_sha256: "f".repeat(64), problems: [] },
        { kind: "source", id: "codex-source", status: "admitted", record_sha256: "f".repeat(64), problems: [] },
      ],
    });
  });

  it("is not needed by the built-in fake, and nothing takes it from it", () => {
    const broken = { file: "x", path: "", message: "cannot be read", hint: "h" };
    const judged = judge([], { engineId: BUILT_IN_ENGINE, probe: null, problems: [broken] });
    expect(judged).toMatchObject({ status: "admitted", record: null, items: [], highestStage: 6 });
  });

  it("is missing without records, and without the source that the record names", () => {
    expect(judge([recordFile("source")])).toMatchObject({
      status: "missing_admission",
      record: null,
      problems: ["no executable admission names the engine codex"],
      hint: "`cto admit engine codex` writes it.",
      highestStage: 1,
      items: [{ kind: "executable", id: null, status: "missing_admission" }],
    });
    expect(judge([recordFile("engine"), recordFile("source", { id: "other" })])).toMatchObject({
      status: "missing_admission",
      problems: ["no source admission has the id codex-source"],
      hint: "`cto admit source --id codex-source` writes it.",
      items: [
        { status: "admitted" },
        { kind: "source", id: "codex-source", status: "missing_admission", record_sha256: null },
      ],
    });
  });

  it.each([
    ["another version", { version: "1.2.4" }, [`${engine}: version: expected 1.2.3, seen 1.2.4`]],
    [
      "another digest",
      { executable_sha256: "b".repeat(64) },
      [`${engine}: sha256: expected ${"a".repeat(64)}, seen ${"b".repeat(64)}`],
    ],
  ])("is a mismatch with %s", (_, change, problems) => {
    const judged = judge([recordFile("engine"), recordFile("source")], { probe: { ...probe, ...change } });
    expect(judged).toMatchObject({ status: "mismatch", problems, highestStage: 1 });
    expect(judged.hint).toContain("cto admit engine codex --replace");
  });

  it("is a mismatch if the engine cannot be found at all", () => {
    const judged = judge([recordFile("engine"), recordFile("source")], { probe: null });
    expect(judged.status).toBe("mismatch");
    expect(judged.problems).toEqual([
      `${engine}: version: expected 1.2.3, seen no engine`,
      `${engine}: sha256: expected ${"a".repeat(64)}, seen no executable`,
    ]);
    expect(judged.hint).toBe("`cto engines probe codex` says what is missing.");
  });

  it("is judged by the records alone before anybody looks for the engine", () => {
    expect(judge([recordFile("engine"), recordFile("source")], { probe: "not-asked" }).status).toBe("admitted");
    expect(judge([recordFile("engine")], { probe: "not-asked" }).status).toBe("missing_admission");
    const refused = [recordFile("engine", { status: "not_admitted" }), recordFile("source")];
    expect(judge(refused, { probe: "not-asked" }).status).toBe("not_admitted");
  });

  it.each([
    ["engine", { status: "not_admitted" }, `${engine}: status: expected admitted, seen not_admitted`],
    ["source", { allowed_execution: "never" }, `${source}: allowed_execution: expected sandbox-only, seen never`],
  ] as const)("is refused by the %s record with %j", (kind, fields, problem) => {
    const records = [
      recordFile("engine", kind === "engine" ? fields : {}),
      recordFile("source", kind === "source" ? fields : {}),
    ];
    expect(judge(records)).toMatchObject({ status: "not_admitted", problems: [problem], highestStage: 1 });
  });

  it("is invalid with two records for the engine or for its source", () => {
    const twoEngines = [recordFile("engine"), recordFile("engine", { id: "b" }, "b.json"), recordFile("source")];
    expect(judge(twoEngines)).toMatchObject({
      status: "invalid_admission",
      record: null,
      problems: [`engine codex: expected one record, seen 2: ${engine}, b.json`],
    });
    const twoSources = [recordFile("engine"), recordFile("source"), recordFile("source", {}, "b.json")];
    expect(judge(twoSources)).toMatchObject({
      status: "invalid_admission",
      items: [{ status: "admitted" }, { status: "invalid_admission" }],
    });
  });

  it("is invalid while any record file of any kind cannot be read", () => {
    const broken = { file: "cto/admissions/model.json", path: "id", message: "id is missing", hint: "Write it." };
    expect(judge([recordFile("engine"), recordFile("source")], { problems: [broken] })).toMatchObject({
      status: "invalid_admission",
      record: null,
      problems: ["cto/admissions/model.json: id is missing"],
      hint: "cto/admissions/model.json: Write it.",
      highestStage: 1,
    });
  });

  it("is invalid before the time that stands in a record, whoever read it", () => {
    const now = new Date("2026-04-30T00:00:00.000Z");
    const judged = judge([recordFile("engine"), recordFile("source")], { now });
    expect(judged.status).toBe("invalid_admission");
    expect(judged.problems[0]).toMatch(
      /^cto\/admissions\/engine.json: approval_timestamp is 2026-05-01T08:00:00.000Z, which is ahead/,
    );
  });

  it("reaches stage 2 only while the licence is unresolved", () => {
    const licence = { status: "unresolved", expression: "NOASSERTION", note: "no licence file" };
    expect(judge([recordFile("engine"), recordFile("source", { licence })])).toMatchObject({
      status: "admitted",
      problems: [],
      highestStage: 2,
      highestStageReason: `${source}: licence.status: expected resolved, seen unresolved`,
    });
  });

  it("does not reach from one version of a package to another", () => {
    const other = recordFile("source", { pinned: "1.2.2" });
    expect(judge([recordFile("engine"), other])).toMatchObject({
      status: "mismatch",
      problems: [`${source}: pinned: expected 1.2.3, the version in ${engine}, seen 1.2.2`],
    });
    const named = [recordFile("engine", { version: "codex-cli 1.2.3" }), recordFile("source")];
    expect(judge(named, { probe: { ...probe, version: "codex-cli 1.2.3" } }).status).toBe("admitted");
    const commit = recordFile("source", { type: "git-repository", pinned: "0".repeat(40) });
    expect(judge([recordFile("engine"), commit]).status).toBe("admitted");
  });
});

describe("the admission of a source", () => {
  const asked = (...records: RecordFile[]) =>
    judgeSourceAdmission({ id: "codex-source", records, problems: [], now: NOW });
  const before = (pinned: string) => recordFile("source", { id: "before", pinned }, "before.json");
  const conformance = (pinned: string) => ({ pinned, passed_at: "2026-05-01T07:00:00.000Z" });

  it.each([
    ["its pin is the first", { previous: null, conformance: null }, [], "admitted"],
    ["its pin is new and passed", { previous: "before" }, [before("1.2.2")], "admitted"],
    ["its pin is that of its predecessor", { previous: "before", conformance: null }, [before("1.2.3")], "admitted"],
    ["its pin is new and no run passed", { previous: "before", conformance: null }, [before("1.2.2")], "mismatch"],
    [
      "a run of the old pin passed",
      { previous: "before", conformance: conformance("1.2.2") },
      [before("1.2.2")],
      "mismatch",
    ],
    ["its predecessor is unknown", { previous: "before", conformance: null }, [], "mismatch"],
    [
      "its predecessor is told twice, with another pin",
      { previous: "before", conformance: null },
      [before("1.2.3"), before("1.2.2")],
      "mismatch",
    ],
  ] as const)("where %s", (_, fields, others, status) => {
    expect(asked(recordFile("source", fields), ...others).status).toBe(status);
  });

  it("says which conformance run it lacks", () => {
    const judged = asked(
      recordFile("source", { previous: "before", conformance: conformance("1.2.2") }),
      before("1.2.2"),
    );
    expect(judged).toMatchObject({
      problems: [`${source}: conformance.pinned: expected 1.2.3, as the pin is not that of before, seen 1.2.2`],
      items: [{ kind: "source", id: "codex-source", status: "mismatch" }],
    });
  });
});
