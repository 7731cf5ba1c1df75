import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { goldenDrafts } from "../test/golden-drafts.ts";
import { toOutcomeFiles } from "../test/golden-outcome.ts";
import { type BundleContent, type BundleDraft, seal, textOf } from "../test/seal.ts";
import { stageDrafts } from "../test/stage-drafts.ts";
import { tamperings } from "../test/tampered.ts";
import {
  admissionsProofSchema,
  approvalClaimSchema,
  approvalDecisionSchema,
  approvalPacketSchema,
  comparisonSchema,
  disposableProofSchema,
  effectivePolicySchema,
  eligibilityDecisionSchema,
  envelopeSchema,
  fromBase64,
  governedEventSchema,
  ledgerEntrySchema,
  liveEventSchema,
  liveStreamSchema,
  manifestSchema,
  noEffectProofSchema,
  outcomeEventSchema,
  outcomeSchema,
  reportSchema,
  reviewSchema,
  routeAdmissionGuardSchema,
  runBundleSchema,
  rungProofSchema,
  STREAM_KINDS,
  toJsonSchemas,
  traceEntrySchema,
  treeStateSchema,
  verifyManySchema,
  verifyResultSchema,
} from "./index.ts";

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const validators = new Map([...toJsonSchemas()].map(([name, schema]) => [name, ajv.compile(schema)]));
const shapes = new Map<string, readonly [schema: string, shape: z.ZodType]>([
  ["manifest.json", ["cto.manifest.v1", manifestSchema]],
  ["run.json", ["cto.run-bundle.v1", runBundleSchema]],
  ["report.json", ["cto.report.v1", reportSchema]],
  ["review.json", ["cto.review.v1", reviewSchema]],
  ["proofs/policy.json", ["cto.effective-policy.v1", effectivePolicySchema]],
  ["proofs/eligibility.json", ["cto.eligibility-decision.v1", eligibilityDecisionSchema]],
  ["proofs/tree-state.json", ["cto.tree-state.v1", treeStateSchema]],
  ["proofs/no-effect.json", ["cto.no-effect-proof.v1", noEffectProofSchema]],
  ["proofs/admissions.json", ["cto.admissions-proof.v1", admissionsProofSchema]],
  ["proofs/rung.json", ["cto.rung-proof.v1", rungProofSchema]],
  ["proofs/approval-packet.json", ["cto.approval-packet.v1", approvalPacketSchema]],
  ["proofs/approval-decision.json", ["dsse.envelope.v1", envelopeSchema]],
  ["proofs/approval-claim.json", ["cto.approval-claim.v1", approvalClaimSchema]],
  ["proofs/disposable.json", ["cto.disposable-proof.v1", disposableProofSchema]],
  ["proofs/comparison.json", ["cto.comparison.v1", comparisonSchema]],
  ["proofs/route-guard.json", ["cto.route-admission-guard.v1", routeAdmissionGuardSchema]],
  ["events.normalized.jsonl", ["cto.event.v1", governedEventSchema]],
  ["events.ndjson", ["cto.live-event.v1", liveEventSchema]],
  ["trace.jsonl", ["cto.trace.v1", traceEntrySchema]],
]);

function decodePayload({ documents }: BundleDraft): string {
  const { payload } = envelopeSchema.parse(documents["proofs/approval-decision.json"]);
  return new TextDecoder().decode(fromBase64(payload));
}

/** Both answers for every JSON value of a bundle. */
function answers(content: BundleContent): { path: string; zod: boolean; ajv: boolean | undefined }[] {
  return [...shapes].flatMap(([path, [schema, shape]]) => {
    const texts =
      path.endsWith("l") || path.endsWith(".ndjson") ? textOf(content, path).split("\n") : [textOf(content, path)];
    return texts.flatMap((text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return [];
      }
      return [{ path, zod: shape.safeParse(value).success, ajv: validators.get(schema)?.(value) }];
    });
  });
}

describe("toJsonSchemas", () => {
  test("is what schemas/ holds, file for file", () => {
    const directory = fileURLToPath(new URL("../schemas/", import.meta.url));
    const stored = Object.fromEntries(
      readdirSync(directory).map((file) => [file, JSON.parse(readFileSync(`${directory}${file}`, "utf8"))]),
    );
    expect(Object.fromEntries([...toJsonSchemas()].map(([name, schema]) => [`${name}.json`, schema]))).toEqual(stored);
  });

  test("accepts every document of the golden bundles, as zod does", () => {
    for (const draft of [...Object.values(goldenDrafts), ...Object.values(stageDrafts)]) {
      const all = answers(seal(draft()));
      expect(all.length).toBeGreaterThan(15);
      expect(all.filter((answer) => !answer.zod || answer.ajv !== true)).toEqual([]);
    }
  });

  test("agrees with zod on every document of every tampered bundle, and refuses some", () => {
    const all = tamperings.flatMap(({ make }) => answers(make()));
    expect(all.filter((answer) => answer.zod !== answer.ajv)).toEqual([]);
    expect(all.filter((answer) => !answer.zod).length).toBeGreaterThan(8);
  });

  test("agrees with zod on decisions and outcomes, also with every field changed", () => {
    const decision = JSON.parse(decodePayload(stageDrafts["stage 4 with a narrowing"]()));
    const files = toOutcomeFiles();
    const outcome = JSON.parse(new TextDecoder().decode(files.get("outcome.json")));
    const event = JSON.parse(new TextDecoder().decode(files.get("events.normalized.jsonl")));
    const cases: readonly (readonly [string, z.ZodType, Record<string, unknown>])[] = [
      ["cto.approval-decision.v1", approvalDecisionSchema, decision],
      ["cto.outcome.v1", outcomeSchema, outcome],
      ["cto.outcome-event.v1", outcomeEventSchema, event],
    ];
    for (const [name, shape, value] of cases) {
      expect([name, shape.safeParse(value).success, validators.get(name)?.(value)]).toEqual([name, true, true]);
      const others = Object.keys(value).flatMap((field) =>
        [null, 1, "", "x", [], {}].map((other) => ({ ...value, [field]: other })),
      );
      for (const other of [...others, { ...value, extra: 1 }])
        expect([name, other, validators.get(name)?.(other)]).toEqual([name, other, shape.safeParse(other).success]);
    }
  });

  test("agrees with zod on pointers that leave the run directory", () => {
    for (const path of [
      "../x",
      "/x",
      "a/../b",
      "C:/x",
      "https://x",
      "a\\b",
      "a/",
      ".",
      "a\nb",
      "x".repeat(1025),
      "ok/x",
      "..a",
      "ü/ö",
    ]) {
      const value = {
        schema: "cto.manifest.v1",
        run_id: "r",
        files: [{ path, bytes: 0, sha256: "0".repeat(64) }],
        event_count: 0,
        chain_head: "0".repeat(64),
      };
      expect([path, validators.get("cto.manifest.v1")?.(value)]).toEqual([
        path,
        manifestSchema.safeParse(value).success,
      ]);
    }
  });

  test("agrees with zod on results of the verifier and on ledger lines", () => {
    const result = { schema: "cto.verify-result.v1", verdict: "valid", findings: [], run_id: "r", status: "pass" };
    const many = { schema: "cto.verify-result.v1", verdict: "valid", results: [result] };
    for (const value of [
      result,
      many,
      { ...result, results: [] },
      { ...many, results: [many] },
      { ...result, verdict: "fine" },
    ]) {
      expect(validators.get("cto.verify-result.v1")?.(value)).toBe(
        verifyResultSchema.safeParse(value).success || verifyManySchema.safeParse(value).success,
      );
    }
    const line = {
      kind: "sealed",
      n: 1,
      run_id: "r",
      created_at: "2026-11-20T06:00:00.000Z",
      mode: "m",
      path: "p",
      manifest_sha256: "0".repeat(64),
      prev: "0".repeat(64),
    };
    for (const value of [line, { ...line, kind: "removed" }, { ...line, n: 0 }]) {
      expect(validators.get("cto.ledger-entry.v1")?.(value)).toBe(ledgerEntrySchema.safeParse(value).success);
    }
  });

  test("reads the golden live events with their streams", () => {
    const text = readFileSync(new URL("./__fixtures__/valid/live-event.v1.ndjson", import.meta.url), "utf8");
    const events = text
      .trimEnd()
      .split("\n")
      .map((line) => liveEventSchema.parse(JSON.parse(line)));
    expect(events.map(({ seq, stream, kind }) => [seq, stream, kind])).toEqual([
      [1, "run", "stream.opened"],
      [2, "engine", "stream.opened"],
      [3, "engine", "message"],
      [4, "engine", "stream.closed"],
    ]);
    const streams = events
      .filter(({ kind }) => kind === "stream.opened")
      .map(({ data }) => liveStreamSchema.parse(data));
    expect(streams.map(({ id, kind, transport }) => [id, kind, transport])).toEqual([
      ["run", "summary", "ndjson"],
      ["engine", "terminal", "asciicast-v3"],
    ]);
    expect(STREAM_KINDS).toContain("terminal");
  });
});
