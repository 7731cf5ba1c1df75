import { blockedDraft, passDraft } from "./golden-drafts.ts";
import { seal } from "./seal.ts";
import { built, digests, document, patch, report, run, type Tampering, verification } from "./tampering.ts";

/** Artifacts and proofs that are absent or contradict the report, under digests that fit. */
export const tamperedArtifacts: readonly Tampering[] = [
  built(
    "a file that the patch does not touch",
    passDraft,
    report({
      changed_files: ["src/slugify.js", "x"],
      changes: ["src/slugify.js", "x"].map((path) => ({ path, change: "modified", allowed: true, rule: "**" })),
    }),
    "contradictory",
    "EVENT_DATA_DIFFERS",
    "PATCH_FILES_DIFFER",
    "CHANGES_CONTRADICTED",
  ),
  built(
    "a patch with a file more",
    passDraft,
    patch((text) => `${text}diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n`),
    "contradictory",
    "PATCH_FILES_DIFFER",
  ),
  built(
    "changes that changed_files does not name",
    passDraft,
    report({ changes: [] }),
    "contradictory",
    "PATCH_FILES_DIFFER",
  ),
  built(
    "a patch that hides a second file behind its hunk",
    passDraft,
    patch((text) => `${text}--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+evil\n`),
    "contradictory",
    "PATCH_UNREADABLE",
  ),
  built(
    "a pass without patch",
    passDraft,
    (draft) => void delete draft.texts["patch.diff"],
    "contradictory",
    "POINTER_DANGLES",
    "PATCH_FILES_DIFFER",
  ),
  built(
    "a pointer to nothing",
    passDraft,
    run({ pointers: { cast: "backend/engine.cast" } }),
    "contradictory",
    "POINTER_DANGLES",
  ),
  built(
    "a log that is not there",
    passDraft,
    verification({ log: { path: "unit.log", bytes: 1, truncated: false } }),
    "contradictory",
    "POINTER_DANGLES",
  ),
  built(
    "another artifact digest",
    passDraft,
    report({ artifact_paths: ["patch.diff"], artifact_digests: { "patch.diff": "00".repeat(32) } }),
    "contradictory",
    "ARTIFACT_DIGEST_DIFFERS",
  ),
  built(
    "a digest of a path that is not listed",
    passDraft,
    report({ artifact_paths: [] }),
    "contradictory",
    "ARTIFACT_DIGEST_DIFFERS",
  ),
  built(
    "a blocked run without no-effect proof",
    blockedDraft,
    (draft) => void delete draft.documents["proofs/no-effect.json"],
    "contradictory",
    "NO_EFFECT_MISSING",
  ),
  ...(
    [
      ["that is not equal", { equal: false, after: digests }],
      ["that says equal of different digests", { before: digests, after: { ...digests, head: "00".repeat(32) } }],
      ["without digests of a repository", { subject: "repository" }],
      ["with processes left", { processes_left: 1 }],
      ["of another start", { process_started: true }],
    ] as const
  ).map(([name, fields]) =>
    built(
      `a no-effect proof ${name}`,
      blockedDraft,
      document("proofs/no-effect.json", fields),
      "contradictory",
      "NO_EFFECT_CONTRADICTED",
    ),
  ),
  built(
    "a home directory in the report",
    passDraft,
    report({ isolation: { kind: "bubblewrap", network: "none", writable: ["/home/someone/work"], limits: {} } }),
    "contradictory",
    "ISOLATION_CONTRADICTED",
    "HOST_PATH_FOUND",
  ),
  built(
    "a drive in the report",
    passDraft,
    verification({ resolved: { path: "C:\\node\\node.exe", sha256: "6e".repeat(32) } }),
    "contradictory",
    "HOST_PATH_FOUND",
    "EVENT_DATA_DIFFERS",
  ),
  ...[
    "report.md",
    "review.json",
    "events.ndjson",
    "trace.jsonl",
    "test.log",
    "review.md",
    "proofs/eligibility.json",
  ].map(
    (path): Tampering => ({
      name: `a manifest without ${path}`,
      expected: ["incomplete", "FILE_NOT_IN_BUNDLE"],
      make: () => {
        const draft = passDraft();
        delete draft.documents[path];
        delete draft.texts[path];
        run({ pointers: {} })(draft);
        if (path === "test.log") verification({ log: { path: "trace.jsonl", bytes: 1, truncated: false } })(draft);
        return seal(draft);
      },
    }),
  ),
];
