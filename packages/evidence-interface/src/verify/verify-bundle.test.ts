import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { judge, loadBundle, toFacts } from "../../test/facts.ts";
import { goldenDrafts, passDraft } from "../../test/golden-drafts.ts";
import { seal } from "../../test/seal.ts";
import { tamperings } from "../../test/tampered.ts";
import { BUNDLE_LIMITS, type BundleFile, FINDING_CODES, verifyBundle, verifyResultSchema } from "../index.ts";

const golden = fileURLToPath(new URL("../__fixtures__/valid/", import.meta.url));
const names = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const symlink = (path: string): BundleFile => ({ path, kind: "symlink", bytes: 0, sha256: null });

describe("verifyBundle", () => {
  test("finds nothing but the missing signature in the golden bundles of version 1", () => {
    expect(
      Object.fromEntries(names.map((name) => [name, verifyBundle(toFacts(loadBundle(`${golden}${name}`)))])),
    ).toMatchObject({
      pass: {
        verdict: "unsigned",
        status: "pass",
        findings: [{ code: "ATTESTATION_MISSING" }],
        run_id: "r1-string-slugify-20261120t060100000z-0a1b2c3d",
      },
      fail: { verdict: "unsigned", status: "fail", findings: [{ code: "ATTESTATION_MISSING" }] },
      "blocked-before-start": { verdict: "unsigned", status: "blocked", findings: [{ code: "ATTESTATION_MISSING" }] },
    });
  });

  test("takes what the format of today builds as well as the golden bundles", () => {
    for (const draft of Object.values(goldenDrafts)) expect(judge(seal(draft()))).toEqual(["unsigned"]);
  });

  test.each(tamperings.map(({ name, ...rest }) => [name, rest] as const))("finds %s", (_name, { make, expected }) => {
    expect(judge(make())).toEqual(expected);
  });

  test("has a tampering for every finding but those that need other facts than bytes", () => {
    const seen = new Set(tamperings.flatMap(({ expected }) => expected.slice(1)));
    const other = [
      "FILE_IS_SYMLINK",
      "FILE_IS_SPECIAL",
      "FILE_UNREADABLE",
      "BUNDLE_TOO_MANY_FILES",
      "DOCUMENT_TOO_LARGE",
      "JSON_NOT_UTF8",
      "ATTESTATION_MISSING",
    ];
    expect(
      Object.keys(FINDING_CODES)
        .filter((code) => !seen.has(code))
        .sort(),
    ).toEqual(other.sort());
    expect(new Set(tamperings.map(({ name }) => name)).size).toBe(tamperings.length);
  });

  test("answers in its own format, with the hint of the code and the run's id and status", () => {
    const result = verifyBundle(toFacts(tamperings.find(({ name }) => name === "a changed file")?.make() ?? new Map()));
    expect(verifyResultSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({ run_id: passDraft().runId, status: "pass" });
    for (const { code, hint } of result.findings)
      expect(FINDING_CODES[code as keyof typeof FINDING_CODES].hint).toBe(hint);
  });

  test("refuses symbolic links, special files and names that only a quoted text can hold", () => {
    const content = seal(passDraft());
    expect(judge(content, [symlink("proofs/link")])).toEqual(["tampered", "FILE_IS_SYMLINK"]);
    expect(judge(content, [{ ...symlink("backend/pipe"), kind: "other" }])).toEqual(["tampered", "FILE_IS_SPECIAL"]);
    expect(judge(content, [symlink("attestation.intoto.jsonl")])).toEqual(["tampered", "FILE_IS_SYMLINK"]);
    expect(judge(new Map([...content].filter(([path]) => path !== "report.md")), [symlink("report.md")])).toEqual([
      "tampered",
      "FILE_IS_SYMLINK",
      "FILE_MISSING",
    ]);
  });

  test("refuses what it was not shown: unreadable files, oversized documents, too many files", () => {
    const facts = toFacts(seal(passDraft()));
    const change = (path: string, fields: Partial<BundleFile>) =>
      facts.files.map((file) => (file.path === path ? { ...file, ...fields } : file));
    const codes = (files: readonly BundleFile[]) => {
      const { verdict, findings } = verifyBundle({ ...facts, files });
      return [verdict, ...findings.map(({ code }) => code)];
    };
    expect(codes(change("test.log", { sha256: null }))).toEqual([
      "unverifiable",
      "FILE_UNREADABLE",
      "ATTESTATION_MISSING",
    ]);
    expect(codes(change("report.json", { bytes: BUNDLE_LIMITS.documentBytes + 1 }))).toContain("DOCUMENT_TOO_LARGE");
    expect(codes(Array.from({ length: BUNDLE_LIMITS.files + 1 }, () => symlink("x")))).toEqual([
      "unverifiable",
      "BUNDLE_TOO_MANY_FILES",
    ]);
    const documents = new Map([...facts.documents].filter(([path]) => path !== "manifest.json"));
    const unread = verifyBundle({ ...facts, documents });
    expect([unread.verdict, unread.findings.map(({ code }) => code)]).toEqual(["unverifiable", ["FILE_UNREADABLE"]]);
  });

  test("lists at most two hundred findings and still gives the worst verdict", () => {
    const more = Array.from(
      { length: 500 },
      (_, index): BundleFile => ({ path: `x${index}`, kind: "file", bytes: 0, sha256: "0".repeat(64) }),
    );
    const { verdict, findings } = verifyBundle(toFacts(seal(passDraft()), more));
    expect([verdict, findings.length]).toEqual(["tampered", 200]);
  });
});
