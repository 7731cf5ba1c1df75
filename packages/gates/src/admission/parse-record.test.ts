import { describe, expect, it } from "vitest";
import { parseRecord, RECORD_KINDS, recordKindOf, toRecordFileName } from "../index.ts";
import { NOW, SAMPLES } from "./__fixtures__/sample-records.ts";
import { change, FIELDS, refusalOf, shown, type Value } from "./__fixtures__/spoil-record.ts";

const named = FIELDS.filter(({ path }) => typeof path.at(-1) === "string");

describe("a record", () => {
  it.each(RECORD_KINDS)("of kind %s is read as it stands, from text and from bytes", (kind) => {
    const text = JSON.stringify(SAMPLES[kind]);
    expect(parseRecord({ file: "r.json", text, now: NOW })).toEqual(SAMPLES[kind]);
    const record = parseRecord({ file: "r.json", bytes: new TextEncoder().encode(text), now: NOW });
    expect(record).toEqual(SAMPLES[kind]);
    expect(recordKindOf(record)).toBe(kind);
  });

  it("has a file name made of kind and id", () => {
    const names = RECORD_KINDS.map((kind) =>
      toRecordFileName(parseRecord({ file: "r.json", text: JSON.stringify(SAMPLES[kind]), now: NOW })),
    );
    expect(names).toEqual([
      "engine-codex.json",
      "model-acme-large.json",
      "target-site.json",
      "source-codex-source.json",
      "provider-decision.json",
      "exemption-codex-3-timeout.json",
      "promotion-promotion.json",
    ]);
  });

  it.each(named)("is refused without $name, which is named", ({ path, sample }) => {
    const { code, problems } = refusalOf(change(sample, path, (parent, key) => delete parent[key]));
    expect(code).toBe("ADMISSION_INVALID");
    expect(problems.map((problem) => [problem.file, problem.path])).toEqual([["r.json", shown(path)]]);
    expect(problems[0]?.message).toMatch(/ is missing, expected (?!one object)./);
  });

  it.each(FIELDS)("is refused with a wrong $name, which is named", ({ path, sample }) => {
    for (const wrong of [{}, ["", 7], "\n//", -1, true]) {
      const { code, problems } = refusalOf(
        change(sample, path, (parent, key) => {
          parent[key] = typeof parent[key] === typeof wrong && wrong === true ? "yes" : (wrong as Value);
        }),
      );
      expect(code).toBe("ADMISSION_INVALID");
      const place = shown(path);
      expect(
        problems.map((problem) => problem.path).some((seen) => seen.startsWith(place) || place.startsWith(seen)),
      ).toBe(true);
      expect(problems[0]?.message).toMatch(/, expected (?!one object)./);
    }
  });

  it("names every wrong field at once, in one message with the file before each", () => {
    const { schema } = SAMPLES.model;
    const { problems } = refusalOf({ schema, id: "Not an id", credentials: 1, prices: { input_usd_per_million: -1 } });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "approval_source",
      "approval_timestamp",
      "credential_source",
      "credentials",
      "id",
      "model",
      "network",
      "prices.input_usd_per_million",
      "prices.output_usd_per_million",
      "provider",
      "review_trigger",
      "status",
    ]);
    const thrown = refusalOf({ schema, id: "Not an id" }).text;
    expect(thrown).toContain('r.json: id is the text \\"Not an id\\", expected an identifier');
  });

  it("is refused with an unknown key in any object, and says which one was meant", () => {
    const typo = refusalOf({ ...SAMPLES.source, licence: { ...SAMPLES.source.licence, expresion: "MIT" } });
    expect(typo.problems).toEqual([
      {
        file: "r.json",
        path: "licence.expresion",
        message: "licence.expresion is not a key here, expected expression",
        hint: "Did you mean expression?",
      },
    ]);
    for (const key of ["__proto__", "constructor", "hasOwnProperty", "x"]) {
      const text = `${JSON.stringify(SAMPLES.decision).slice(0, -1)}, ${JSON.stringify(key)}: {}}`;
      expect(refusalOf(text).problems.map(({ path }) => path)).toEqual([key]);
    }
  });

  it("is refused if its version is not known, before anything else is looked at", () => {
    const near = refusalOf({ ...SAMPLES.model, schema: "cto.model-admission.v2", junk: 1 });
    expect(near.code).toBe("ADMISSION_VERSION");
    expect(near.problems[0]?.message).toBe(
      'the record schema is "cto.model-admission.v2", expected cto.model-admission.v1'.replace("the record ", ""),
    );
    for (const schema of [undefined, null, 7, "", "__proto__", "constructor", "cto.report.v1"]) {
      expect(refusalOf({ ...SAMPLES.model, schema }).code).toBe("ADMISSION_VERSION");
    }
    for (const value of ["[]", "null", '"x"', "7"]) expect(refusalOf(value).code).toBe("ADMISSION_VERSION");
  });

  it.each([
    ["a key twice", '{"schema": "a", "schema": "b"}', "line 1, column 17: a key stands twice in one object"],
    ["a byte order mark", "\ufeff{}", "line 1, column 1: the text begins with a byte order mark"],
    ["data after the value", "{}\n{}", "line 2, column 1: there is more after the value"],
    ["nothing", "", "line 1, column 1: the text ends where a value is expected"],
    ["a comment", "// x\n{}", "line 1, column 1: expected a value"],
    ["not a number", '{"stage": NaN}', "line 1, column 11: NaN is not a JSON number"],
    ["half a character", '{"id": "\\ud800"}', "line 1, column 8: a string has a lone surrogate"],
    ["nesting without end", "[".repeat(100_000), "line 1, column 129: arrays and objects are nested too deeply"],
  ])("is refused for its JSON: %s", (_, text, message) => {
    expect(refusalOf(text)).toMatchObject({ code: "ADMISSION_SYNTAX", problems: [{ message }] });
  });

  it("is refused if it is not UTF-8 or larger than 1 MiB", () => {
    const parse = (bytes: Uint8Array) => () => parseRecord({ file: "r.json", bytes, now: NOW });
    expect(parse(new Uint8Array([0x7b, 0xff]))).toThrow(expect.objectContaining({ code: "ADMISSION_SYNTAX" }));
    expect(parse(new Uint8Array(1024 * 1024 + 1))).toThrow(expect.objectContaining({ code: "ADMISSION_TOO_LARGE" }));
  });

  it.each([
    ["engine", "approval_timestamp"],
    ["model", "approval_timestamp"],
    ["target", "approval_timestamp"],
    ["source", "approval_timestamp"],
    ["source", "retrieved_at"],
    ["source", "conformance.passed_at"],
    ["decision", "approval_timestamp"],
    ["exemption", "approval_timestamp"],
  ] as const)("is refused with a date in %s %s that is not real, or ahead of the present", (kind, place) => {
    const withDate = (date: string) =>
      change(SAMPLES[kind] as unknown as Value, place.split("."), (parent, key) => {
        parent[key] = date;
      });
    const dates = [
      ["2026-02-31T00:00:00.000Z", "expected a day that the calendar has"],
      ["2025-02-29T00:00:00.000Z", "expected a day that the calendar has"],
      ["2026-06-01T12:00:00.001Z", "expected 2026-06-01T12:00:00.000Z or earlier"],
      ["9999-12-31T23:59:59.999Z", "expected 2026-06-01T12:00:00.000Z or earlier"],
      ["2026-05-01", "expected a UTC time like"],
      ["2026-05-01T00:00:00.000+02:00", "expected a UTC time like"],
    ] as const;
    for (const [date, expected] of dates) {
      const { problems } = refusalOf(withDate(date));
      expect(problems).toEqual([expect.objectContaining({ path: place, message: expect.stringContaining(expected) })]);
    }
    for (const date of ["2026-06-01T12:00:00.000Z", "2024-02-29T00:00:00.000Z"])
      expect(() => parseRecord({ file: "r.json", text: JSON.stringify(withDate(date)), now: NOW })).not.toThrow();
  });

  it.each([
    ["engine", { path: null }, "path", "is null and so is package, expected exactly one"],
    ["engine", { package: "codex" }, "path", "stands beside package, expected exactly one"],
    ["engine", { engine: "fake" }, "engine", "is built in"],
    ["source", { previous: "codex-source" }, "previous", "is the record's own id"],
    ["target", { allowed_paths: ["/etc/"] }, "allowed_paths[0]", "without a leading slash"],
    ["target", { allowed_paths: ["a/", "../x"] }, "allowed_paths[1]", "without `..`"],
    ["target", { allowed_paths: [".git/hooks"] }, "allowed_paths[0]", "outside .git"],
    ["target", { forbidden_paths: ["a//b"] }, "forbidden_paths[0]", "without empty segments"],
    ["target", { allowed_paths: [] }, "allowed_paths", "a list of path patterns"],
    ["target", { forbidden_actions: SAMPLES.target.forbidden_actions.slice(2) }, "forbidden_actions", "push, merge"],
    ["source", { url: "http://example.org/" }, "url", "https"],
    ["exemption", { stage: 6 }, "stage", "from 2 to 5"],
    ["exemption", { code: "no_such_code" }, "code", "a failure code"],
    ["promotion", { runtime_default_activation: true }, "runtime_default_activation", "expected false"],
  ] as const)("is refused where fields do not make sense: %s %j", (kind, fields, path, message) => {
    const { code, problems } = refusalOf({ ...SAMPLES[kind], ...fields });
    expect(code).toBe("ADMISSION_INVALID");
    expect(problems).toEqual([expect.objectContaining({ path, message: expect.stringContaining(message) })]);
  });
});
