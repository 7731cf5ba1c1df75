import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { goldenDrafts } from "../../test/golden-drafts.ts";
import { type BundleContent, seal, textOf } from "../../test/seal.ts";
import { stageDrafts } from "../../test/stage-drafts.ts";
import { tamperings } from "../../test/tampered.ts";
import {
  admissionsProofSchema,
  approvalClaimSchema,
  approvalPacketSchema,
  broughtFoldersSchema,
  comparisonSchema,
  disposableProofSchema,
  effectivePolicySchema,
  eligibilityDecisionSchema,
  envelopeSchema,
  governedEventSchema,
  manifestSchema,
  noEffectProofSchema,
  reportSchema,
  reviewSchema,
  routeAdmissionGuardSchema,
  runBundleSchema,
  rungProofSchema,
  safeParseStrictJson,
  toCanonicalJson,
  treeStateSchema,
} from "../index.ts";
import { eventFormat, taskProofSchema } from "./bundle-documents.ts";
import { toShapeCheck } from "./to-shape-check.ts";

const shapes: readonly (readonly [path: string, shape: z.ZodType])[] = [
  ["manifest.json", manifestSchema],
  ["run.json", runBundleSchema],
  ["report.json", reportSchema],
  ["review.json", reviewSchema],
  ["proofs/task.json", taskProofSchema],
  ["proofs/policy.json", effectivePolicySchema],
  ["proofs/eligibility.json", eligibilityDecisionSchema],
  ["proofs/tree-state.json", treeStateSchema],
  ["proofs/no-effect.json", noEffectProofSchema],
  ["proofs/brought.json", broughtFoldersSchema],
  ["proofs/admissions.json", admissionsProofSchema],
  ["proofs/rung.json", rungProofSchema],
  ["proofs/approval-packet.json", approvalPacketSchema],
  ["proofs/approval-decision.json", envelopeSchema],
  ["proofs/approval-claim.json", approvalClaimSchema],
  ["proofs/disposable.json", disposableProofSchema],
  ["proofs/comparison.json", comparisonSchema],
  ["proofs/route-guard.json", routeAdmissionGuardSchema],
  ["events.normalized.jsonl", governedEventSchema],
  ["events.normalized.jsonl", eventFormat.shape],
];

/** Every strict JSON text of a bundle beside the schema that it has to meet. */
function texts(content: BundleContent): { text: string; shape: z.ZodType }[] {
  return shapes.flatMap(([path, shape]) => {
    if (!content.has(path)) return [];
    const lines = path.endsWith("l") ? textOf(content, path).split("\n") : [textOf(content, path)];
    return lines.filter((text) => safeParseStrictJson(text).ok).map((text) => ({ text, shape }));
  });
}

/** True if the check accepts the value; then zod must accept it and change nothing of it. */
function accepts(shape: z.ZodType, value: unknown): boolean {
  const accepted = toShapeCheck(shape)(value);
  if (accepted) {
    const judged = shape.safeParse(value);
    if (!judged.success) expect.fail(`accepted, and zod says ${judged.error.message}: ${JSON.stringify(value)}`);
    expect(toCanonicalJson(judged.data)).toBe(toCanonicalJson(value));
  }
  return accepted;
}

const golden = [...Object.values(goldenDrafts), ...Object.values(stageDrafts)].flatMap((draft) => texts(seal(draft())));

/** Keys, values and lengths that tell schemas apart, or that zod treats in a way of its own. */
const keys = fc.constantFrom("__proto__", "constructor", "toString", "kind", "code", "path", "schema", "extra");
const values = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, "", "a", "../a", "C:/a", "exited", "not-started", [], {}),
  fc.constantFrom<unknown>(
    "0".repeat(64),
    "F".repeat(64),
    "a\n",
    "2026-11-20T06:01:00.000Z",
    "2026-13-20T06:01:00.000Z",
  ),
  fc.constantFrom<unknown>("\u{1f600}", "a".repeat(1024), "a".repeat(1025), "\u{1f600}".repeat(1000)),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Changes one place of a JSON value: `steps` choose the way down, then a value is replaced, added or removed. */
function mutate(
  root: unknown,
  steps: readonly number[],
  how: "set" | "add" | "remove",
  key: string,
  value: unknown,
): unknown {
  const copy: unknown = JSON.parse(JSON.stringify({ root }));
  let parent = copy as Record<string, unknown>;
  let name = "root";
  for (const step of steps) {
    const child = parent[name];
    if (typeof child !== "object" || child === null || Object.keys(child).length === 0) break;
    parent = child as Record<string, unknown>;
    const names = Object.keys(parent);
    name = names[step % names.length] ?? name;
  }
  if (how === "remove") delete parent[name];
  else
    Object.defineProperty(parent, how === "add" ? key : name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  // Through JSON once more: the check is for values that JSON.parse made, which have no holes.
  return JSON.parse(JSON.stringify((copy as { root?: unknown }).root ?? null));
}

describe("toShapeCheck", () => {
  test("accepts every document of the golden bundles, so that zod is asked for none of them", () => {
    expect(golden.length).toBeGreaterThan(30);
    for (const { text, shape } of golden) expect([text, accepts(shape, JSON.parse(text))]).toEqual([text, true]);
  });

  test("accepts nothing of the tampered bundles that zod refuses or changes", () => {
    const seen = tamperings
      .filter(({ name }) => name !== "a very long event")
      .flatMap(({ make }) => texts(make()).map(({ text, shape }) => accepts(shape, JSON.parse(text))));
    expect(new Set(seen)).toEqual(new Set([true, false]));
  });

  test("accepts no mutation of a golden document that zod refuses or changes", () => {
    const outcomes = new Map([
      [true, 0],
      [false, 0],
    ]);
    fc.assert(
      fc.property(
        fc.nat({ max: golden.length - 1 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
        fc.constantFrom("set" as const, "add" as const, "remove" as const),
        keys,
        values,
        (index, steps, how, key, value) => {
          const { text, shape } = golden[index] ?? { text: "", shape: z.never() };
          const accepted = accepts(shape, mutate(JSON.parse(text), steps, how, key, value));
          outcomes.set(accepted, (outcomes.get(accepted) ?? 0) + 1);
        },
      ),
      { numRuns: 4000 },
    );
    for (const count of outcomes.values()) expect(count).toBeGreaterThan(100);
  });

  test("refuses what it does not know or what zod would change", () => {
    const cases: readonly (readonly [shape: z.ZodType, value: unknown])[] = [
      [z.email(), "a@example.org"],
      [z.string().trim(), " a "],
      [z.string().refine(() => false), "a"],
      [z.string().transform((text) => text.length), "a"],
      [z.string().default("b"), "a"],
      [z.coerce.number(), 1],
      [z.coerce.string(), "a"],
      [z.coerce.boolean(), true],
      [z.int32(), 2 ** 40],
      [z.number().multipleOf(2), 3],
      [z.number().gt(1), 1],
      [z.number().lt(1), 1],
      [z.string().min(2), "\u{1f600}"],
      [z.string().max(1), "aa"],
      [z.string().max(1).regex(/a/), "aa"],
      [z.string().startsWith("b"), "a"],
      [z.string().regex(/^a/g), "a"],
      [z.array(z.string()).length(2), ["a"]],
      [z.object({ a: z.string() }), { a: "a", b: 1 }],
      [z.object({ a: z.string() }).refine(() => false), { a: "a" }],
      [
        z.object({
          a: z
            .string()
            .optional()
            .refine(() => false),
        }),
        { a: "a" },
      ],
      [z.looseObject({}), JSON.parse('{"__proto__":1}')],
      [z.object({}).catchall(z.string()), { a: 1 }],
      [z.record(z.string(), z.unknown()), JSON.parse('{"__proto__":1}')],
      [z.record(z.string(), z.unknown()), { constructor: 1 }],
      [z.record(z.string().max(1), z.unknown()), { long: 1 }],
      [z.record(z.enum(["a", "b"]), z.unknown()), { a: 1 }],
      [z.record(z.string(), z.string()), ["a"]],
      [z.strictObject({}), []],
      [z.tuple([z.string()]), ["a"]],
    ];
    for (const [shape, value] of cases)
      expect([shape.def.type, value, toShapeCheck(shape)(value)]).toEqual([shape.def.type, value, false]);
  });
});
