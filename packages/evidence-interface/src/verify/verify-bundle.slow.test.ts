import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { eventOf } from "../../test/draft-edits.ts";
import { loadBundle, toFacts } from "../../test/facts.ts";
import { blockedDraft } from "../../test/golden-drafts.ts";
import { encode, seal, sha256, textOf } from "../../test/seal.ts";
import { isBundleDocument, toCanonicalJson, verifyBundle } from "../index.ts";

const golden = fileURLToPath(new URL("../__fixtures__/valid/", import.meta.url));
const names = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe("verifyBundle, exhaustively", () => {
  test.each(names)("finds every single byte that differs in any file of the golden bundle %s", (name) => {
    const content = loadBundle(`${golden}${name}`);
    const facts = toFacts(content);
    let flips = 0;
    for (const [path, bytes] of content) {
      for (let at = 0; at < bytes.length; at += 1) {
        const spoilt = bytes.slice();
        spoilt[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        const files = facts.files.map((file) => (file.path === path ? { ...file, sha256: sha256(spoilt) } : file));
        const documents = isBundleDocument(path) ? new Map([...facts.documents, [path, spoilt]]) : facts.documents;
        const events = path === "events.normalized.jsonl" ? [spoilt] : facts.events;
        const { verdict } = verifyBundle({ ...facts, files, documents, events });
        if (verdict === "unsigned" || verdict === "valid") expect.fail(`${path} byte ${at}: ${verdict}`);
        flips += 1;
      }
    }
    expect(flips).toBe([...content.values()].reduce((sum, bytes) => sum + bytes.length, 0));
  });

  test("streams a log of a million events in space that does not grow with it", () => {
    const count = 1_000_000;
    const draft = blockedDraft();
    const [opening, gate, closing] = [
      draft.events.slice(0, 4),
      eventOf(draft, "backend.gate.blocked"),
      draft.events.slice(-1),
    ];
    const content = seal(draft);
    let prev = "0".repeat(64);
    const line = (seq: number): Uint8Array => {
      const event = seq <= 4 ? opening[seq - 1] : seq === count ? closing[0] : gate;
      const text = toCanonicalJson({ schema: "cto.event.v1", seq, run_id: draft.runId, prev, ...event });
      prev = sha256(encode(text));
      return encode(`${text}\n`);
    };
    let peak = 0;
    function* log(): Generator<Uint8Array> {
      for (let seq = 1; seq <= count; seq += 1) {
        yield line(seq);
        if (seq % 100_000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
      }
    }
    const before = process.memoryUsage().rss;
    const manifest = { ...(JSON.parse(textOf(content, "manifest.json")) as object), event_count: count };
    const facts = toFacts(new Map([...content, ["manifest.json", encode(`${toCanonicalJson(manifest)}\n`)]]));
    const judged = verifyBundle({ ...facts, events: log() });
    // The head of the sealed manifest is that of the short log: reaching it proves that every line was read and fitted.
    expect(judged.findings.map(({ code }) => code)).toEqual(["EVENT_HEAD_DIFFERS", "ATTESTATION_MISSING"]);
    expect(judged.findings[0]?.message).toContain(prev);
    expect(peak - before).toBeLessThan(200 * 1024 * 1024);
  });
});
