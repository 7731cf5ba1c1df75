import { manifestSchema, toCanonicalJson } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { createManifest } from "./index.ts";

const file = (path: string) => ({ path, bytes: 1, sha256: "a".repeat(64) });
const create = (paths: readonly string[]) =>
  createManifest({ runId: "run-1", files: paths.map(file), eventCount: 2, chainHead: "b".repeat(64) });

describe("createManifest", () => {
  it("writes canonical bytes and one LF, sorted by code units, whatever the order of the input", () => {
    const text = create(["b", "a/c", "a-b", "Z", "a"]);
    const manifest = manifestSchema.parse(JSON.parse(text));
    expect(manifest.files.map((entry) => entry.path)).toEqual(["Z", "a", "a-b", "a/c", "b"]);
    expect(text).toBe(`${toCanonicalJson(manifest)}\n`);
    expect(create(["a", "Z", "a-b", "b", "a/c"])).toBe(text);
  });

  it.each([
    [["a", "b", "a"]],
    [["manifest.json"]],
    [["attestation.intoto.jsonl"]],
    [["../a"]],
    [["/a"]],
    [[""]],
    [["a\nb"]],
  ])("refuses %j", (paths) => {
    expect(() => create(paths)).toThrowError(expect.objectContaining({ code: "BUNDLE_MANIFEST_INPUT" }));
  });

  it("refuses what is no digest or run id", () => {
    const input = { runId: "run-1", files: [], eventCount: 0, chainHead: "0".repeat(64) };
    expect(createManifest(input)).toContain('"event_count":0');
    for (const wrong of [
      { chainHead: "0" },
      { runId: "Run 1" },
      { eventCount: -1 },
      { files: [{ ...file("a"), sha256: "A".repeat(64) }] },
    ]) {
      expect(() => createManifest({ ...input, ...wrong })).toThrowError(
        expect.objectContaining({ code: "BUNDLE_MANIFEST_INPUT" }),
      );
    }
  });
});
