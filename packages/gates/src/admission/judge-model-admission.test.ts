import { describe, expect, it } from "vitest";
import { judgeModelAdmission, type RecordFile } from "../index.ts";
import { NOW, recordFile, SAMPLES } from "./__fixtures__/sample-records.ts";

const judge = (records: readonly RecordFile[], question: Partial<Parameters<typeof judgeModelAdmission>[0]> = {}) =>
  judgeModelAdmission({ provider: "acme", model: "large-1", records, problems: [], now: NOW, ...question });

const model = "cto/admissions/model.json";
const decision = "cto/admissions/decision.json";

describe("the admission of a model", () => {
  it("is given by a provider decision and a record of exactly this pair", () => {
    expect(judge([recordFile("decision"), recordFile("model")])).toEqual({
      status: "admitted",
      record: SAMPLES.model,
      file: model,
      record_sha256: "f".repeat(64),
      problems: [],
      hint: "Nothing is missing.",
      items: [
        { kind: "provider-decision", id: null, status: "admitted", record_sha256: "f".repeat(64), problems: [] },
        { kind: "model", id: "acme-large", status: "admitted", record_sha256: "f".repeat(64), problems: [] },
      ],
    });
  });

  it("is missing without a provider decision, whatever else is there", () => {
    expect(judge([recordFile("model")])).toMatchObject({
      status: "missing_admission",
      problems: ["there is no provider decision, and while nothing is decided no model is asked"],
      items: [
        { kind: "provider-decision", status: "missing_admission" },
        { kind: "model", status: "admitted" },
      ],
    });
  });

  it.each([
    ["nothing is decided", "decision", { decision: "not_decided" }, "not_admitted", `${decision}: decision: expected`],
    [
      "a local provider is required and this one is external",
      "decision",
      { decision: "local_provider_required" },
      "not_admitted",
      `${model}: network: expected local or loopback`,
    ],
    ["its record says no", "model", { status: "not_admitted" }, "not_admitted", `${model}: status: expected admitted`],
    [
      "the model is another",
      "model",
      { model: "large-2" },
      "mismatch",
      `${model}: model: expected large-2, seen large-1`,
    ],
    ["the provider is another", "model", { provider: "b" }, "mismatch", `${model}: provider: expected b, seen acme`],
    [
      "it is written otherwise",
      "model",
      { model: "Large-1" },
      "mismatch",
      `${model}: model: expected Large-1, seen large-1`,
    ],
    [
      "neither fits",
      "model",
      { provider: "b", model: "c" },
      "missing_admission",
      "no model admission names acme/large-1",
    ],
  ] as const)("is refused where %s", (_, kind, fields, status, problem) => {
    const records = [recordFile("decision"), recordFile("model")].map((one) =>
      one.file.includes(kind) ? recordFile(kind, fields) : one,
    );
    const judged = judge(records);
    expect(judged).toMatchObject({ status, problems: [expect.stringContaining(problem)] });
    expect(judged.hint).not.toBe("Nothing is missing.");
  });

  it.each(["local", "loopback"])("is given to a %s provider where a local one is required", (network) => {
    const records = [recordFile("decision", { decision: "local_provider_required" }), recordFile("model", { network })];
    expect(judge(records).status).toBe("admitted");
  });

  it("is invalid with two records of the pair, two decisions, or a file that cannot be read", () => {
    const two = [recordFile("model"), recordFile("model", { id: "b", status: "not_admitted" }, "b.json")];
    expect(judge([recordFile("decision"), ...two])).toMatchObject({
      status: "invalid_admission",
      problems: [`model acme/large-1: expected one record, seen 2: ${model}, b.json`],
    });
    const decisions = [recordFile("decision"), recordFile("decision", { decision: "not_decided" }, "b.json")];
    expect(judge([...decisions, recordFile("model")])).toMatchObject({
      status: "invalid_admission",
      problems: [`provider decision: expected one record, seen 2: ${decision}, b.json`],
    });
    const broken = { file: "b.json", path: "", message: "cannot be read", hint: "h" };
    expect(judge([recordFile("decision"), recordFile("model")], { problems: [broken] })).toMatchObject({
      status: "invalid_admission",
      problems: ["b.json: cannot be read"],
    });
  });
});
