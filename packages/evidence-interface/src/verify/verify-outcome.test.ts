import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { landing, toOutcomeFacts, toOutcomeFiles, withOutcomeManifest } from "../../test/golden-outcome.ts";
import { approver, keyOfSeed, signEnvelope, stranger } from "../../test/keys.ts";
import { encode } from "../../test/seal.ts";
import { type OutcomeFacts, outcomeSchema, toCanonicalJson, verifyOutcome } from "../index.ts";

const problemsOf = (files: ReadonlyMap<string, Uint8Array>, run: Partial<OutcomeFacts["run"]> = {}) => {
  const result = verifyOutcome(toOutcomeFacts(files, run));
  return result.ok ? [] : result.problems;
};
const canonical = (value: unknown) => encode(`${toCanonicalJson(value)}\n`);
const other = "00".repeat(32);

describe("verifyOutcome", () => {
  test("accepts an acceptance and a rejection, and hands out what they say", () => {
    const accepted = verifyOutcome(toOutcomeFacts(toOutcomeFiles()));
    expect(accepted).toMatchObject({ ok: true, outcome: { outcome: "accepted", landing } });
    expect(accepted.ok && outcomeSchema.parse(accepted.outcome)).toEqual(accepted.ok && accepted.outcome);
    const rejected = toOutcomeFiles({ outcome: "rejected", landing: null, reason: null });
    expect(verifyOutcome(toOutcomeFacts(rejected))).toMatchObject({ ok: true, outcome: { outcome: "rejected" } });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["another run", { run_id: "other" }, "outcome.json is about run other"],
    ["another bundle", { manifest_sha256: other }, "outcome.json is about another bundle of that run"],
    ["another target", { target_id: other }, "outcome.json is about another target"],
    ["an acceptance that landed nothing", { landing: null }, "outcome.json says accepted and nothing was landed"],
    ["a rejection that landed", { outcome: "rejected" }, "outcome.json says rejected and something was landed"],
    [
      "another branch",
      { landing: { ...landing, branch: "refs/heads/cto/other" } },
      "outcome.json names another branch than the run's",
    ],
    [
      "another base",
      { landing: { ...landing, base_commit: "00".repeat(20) } },
      "outcome.json names another base commit than the run's",
    ],
    [
      "another tree",
      { landing: { ...landing, tree: "00".repeat(20) } },
      "outcome.json names another tree than the run's result",
    ],
    [
      "a branch that is none of a run",
      { landing: { ...landing, branch: "refs/heads/main" } },
      "outcome.json does not have the shape of its format",
    ],
    ["a field more", { note: 1 }, "outcome.json does not have the shape of its format"],
    ["an activation", { runtime_default_activation: true }, "outcome.json does not have the shape of its format"],
  ])("refuses %s", (_name, fields, problem) => {
    expect(problemsOf(toOutcomeFiles(fields))).toEqual([problem]);
  });

  test("refuses a time before the run had finished", () => {
    expect(problemsOf(toOutcomeFiles(), { finished_at: "2026-11-20T07:00:00.000Z" })).toEqual([]);
    expect(problemsOf(toOutcomeFiles(), { finished_at: "2026-11-20T07:00:00.001Z" })).toEqual([
      "outcome.json was recorded before the run had finished",
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["of another run", { run_id: "other" }, "events.normalized.jsonl is of run other"],
    ["with another number", { seq: 12 }, "events.normalized.jsonl does not continue the run's chain"],
    ["after another event", { prev: other }, "events.normalized.jsonl does not continue the run's chain"],
    [
      "of another time",
      { at: "2026-11-20T07:00:00.001Z" },
      "events.normalized.jsonl has another time than outcome.json",
    ],
    [
      "of another record",
      { data: { outcome: "accepted", outcome_sha256: other } },
      "events.normalized.jsonl is not about this outcome.json",
    ],
    ["of another name", { event: "run.completed" }, "events.normalized.jsonl does not have the shape of its format"],
  ])("refuses an event %s", (_name, fields, problem) => {
    expect(problemsOf(toOutcomeFiles({}, fields))).toEqual([problem]);
  });

  test("refuses signatures of strangers, of other roles, of nobody, and over other bytes", () => {
    expect(problemsOf(toOutcomeFiles({}, {}, stranger))).toEqual([
      `the key ${stranger.publicKey.keyid} is not trusted as approver`,
    ]);
    const harness = keyOfSeed("harness", 3);
    expect(problemsOf(toOutcomeFiles({}, {}, harness))).toEqual([
      `the key ${harness.publicKey.keyid} is not trusted as approver`,
    ]);
    const named = { ...approver.publicKey, public_key: stranger.publicKey.public_key };
    expect(problemsOf(toOutcomeFiles({ approver: named }, {}, stranger))).toContain(
      "approver.keyid is not the digest of approver.public_key",
    );
    const files = toOutcomeFiles();
    const sealed = files.get("outcome.json") ?? new Uint8Array();
    const signedAs = (key: typeof approver, type: string, bytes: Uint8Array) =>
      problemsOf(
        withOutcomeManifest(
          new Map([
            ...files,
            ["outcome.dsse.json", canonical(signEnvelope(key, type, bytes, approver.publicKey.keyid))],
          ]),
        ),
      );
    const type = "application/vnd.cto.outcome.v1+json";
    expect(signedAs(approver, type, sealed)).toEqual([]);
    expect(signedAs(stranger, type, sealed)).toEqual([
      "outcome.dsse.json: the signature is not of the key that it names over this payload",
    ]);
    expect(signedAs(approver, "application/vnd.cto.approval-decision.v1+json", sealed)).toEqual([
      `outcome.dsse.json: the payload is not of type ${type}`,
    ]);
    expect(signedAs(approver, type, encode("{}"))).toEqual([
      "outcome.dsse.json signs other bytes than those of outcome.json",
    ]);
  });

  test("refuses a file less, a file more, and a manifest that is of something else", () => {
    for (const name of toOutcomeFiles().keys()) {
      const files = toOutcomeFiles();
      files.delete(name);
      expect([name, problemsOf(files)[0]]).toEqual([name, `${name} is missing`]);
    }
    expect(problemsOf(toOutcomeFiles().set("note.txt", encode("hi")))).toEqual(["there is a file that no outcome has"]);
    for (const fields of [{ run_id: "other" }, { event_count: 13 }, { chain_head: other }, { files: [] }])
      expect(problemsOf(withOutcomeManifest(toOutcomeFiles(), fields))).toEqual([
        "manifest.json does not list the other files as they are",
      ]);
  });

  test("refuses every change of one byte, and throws for none", () => {
    const names = [...toOutcomeFiles().keys()];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, at, mask) => {
        const files = toOutcomeFiles();
        const bytes = (files.get(name) ?? new Uint8Array()).slice();
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ mask;
        expect(problemsOf(files.set(name, bytes)).length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  test("refuses other bytes of the same value, and throws for no content", () => {
    for (const name of toOutcomeFiles().keys()) {
      const files = toOutcomeFiles();
      const spaced = encode(` ${new TextDecoder().decode(files.get(name))}`);
      const resealed =
        name === "manifest.json" ? files.set(name, spaced) : withOutcomeManifest(files.set(name, spaced));
      expect([name, problemsOf(resealed)]).toEqual([
        name,
        expect.arrayContaining([`${name} is not stored in canonical bytes and one LF`]),
      ]);
    }
    const content = fc.oneof(
      fc.json().map((text) => encode(text)),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...toOutcomeFiles().keys()), content, (name, bytes) => {
        expect(problemsOf(toOutcomeFiles().set(name, bytes)).length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
