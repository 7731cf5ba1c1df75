import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadBundle, toFacts } from "../../test/facts.ts";
import { passDraft } from "../../test/golden-drafts.ts";
import { seal, withManifest } from "../../test/seal.ts";
import { stage4Draft, stage6Draft } from "../../test/stage-drafts.ts";
import { tamperings } from "../../test/tampered.ts";
import { verifyBundle } from "../index.ts";

const golden = fileURLToPath(new URL("../__fixtures__/valid/", import.meta.url));
const names = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe("verifyBundle on drawn input", () => {
  test("gives one answer however the line logs and the patch are cut into chunks", () => {
    const pieces = (bytes: Uint8Array, size: number) =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.slice(index * size, (index + 1) * size),
      );
    fc.assert(
      fc.property(
        fc.constantFrom(...tamperings.filter(({ name }) => !name.includes("very long")), {
          name: "none",
          make: () => seal(passDraft()),
          expected: ["unsigned"],
        }),
        fc.integer({ min: 1, max: 900 }),
        (tampering, size) => {
          const content = tampering.make();
          const cut = (path: string) =>
            content.has(path) ? pieces(content.get(path) ?? new Uint8Array(), size) : null;
          const whole = verifyBundle(toFacts(content));
          expect(
            verifyBundle({
              ...toFacts(content),
              events: cut("events.normalized.jsonl"),
              patch: cut("patch.diff"),
              live: cut("events.ndjson"),
              trace: cut("trace.jsonl"),
            }),
          ).toEqual(whole);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("gives the same answer to a reader that uses one buffer for all chunks", () => {
    const content = seal(passDraft());
    const whole = verifyBundle(toFacts(content));
    function* chunks(path: string, size: number): Generator<Uint8Array> {
      const bytes = content.get(path) ?? new Uint8Array();
      const buffer = Buffer.alloc(size);
      for (let at = 0; at < bytes.length; at += size) {
        buffer.set(bytes.subarray(at, at + size));
        yield buffer.subarray(0, Math.min(size, bytes.length - at));
      }
    }
    for (const size of [1, 7, 100, 333, 900]) {
      const events = chunks("events.normalized.jsonl", size);
      const others = {
        patch: chunks("patch.diff", size),
        live: chunks("events.ndjson", size),
        trace: chunks("trace.jsonl", size),
      };
      expect(verifyBundle({ ...toFacts(content), events, ...others })).toEqual(whole);
    }
  });

  test("is never fooled by a byte that flips in any file of a golden bundle", () => {
    const bundles = names.map((name) => loadBundle(`${golden}${name}`));
    const places = bundles.flatMap((content) =>
      [...content].filter(([, bytes]) => bytes.length > 0).map(([path, bytes]) => ({ content, path, bytes })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ content, path, bytes }, at, mask) => {
          const spoilt = bytes.slice();
          spoilt[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ mask;
          const { verdict } = verifyBundle(toFacts(new Map([...content, [path, spoilt]])));
          expect(["unsigned", "valid"]).not.toContain(verdict);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test("never throws, whatever stands in a document", () => {
    const sealed = new Map([...seal(stage6Draft()), ...seal(stage4Draft())]);
    const documents = [
      "manifest.json",
      "run.json",
      "report.json",
      "review.json",
      "proofs/task.json",
      "proofs/tree-state.json",
      "proofs/policy.json",
      "proofs/eligibility.json",
      "proofs/admissions.json",
      "proofs/rung.json",
      "proofs/approval-packet.json",
      "proofs/approval-decision.json",
      "proofs/approval-claim.json",
      "proofs/disposable.json",
      "proofs/comparison.json",
      "proofs/route-guard.json",
      "events.normalized.jsonl",
      "patch.diff",
      "events.ndjson",
      "trace.jsonl",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.oneof(
          fc.json().map((text) => new TextEncoder().encode(text)),
          fc.uint8Array(),
        ),
        (path, bytes) => {
          const content = new Map([...sealed, [path, bytes]]);
          const result = verifyBundle(
            toFacts(path === "manifest.json" ? content : withManifest(content, passDraft().runId)),
          );
          expect(result.verdict).not.toBe("valid");
        },
      ),
      { numRuns: 800 },
    );
  });
});
