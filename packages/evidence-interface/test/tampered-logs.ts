import { failDraft, passDraft } from "./golden-drafts.ts";
import { type BundleDraft, seal } from "./seal.ts";
import { built, contradictory, report, run, type Tampering, verification } from "./tampering.ts";

const text = (path: string, rewrite: (before: string) => string) => (draft: BundleDraft) => {
  draft.texts[path] = rewrite(draft.texts[path] ?? "");
};
/** Files that the report leaves out, pointers that name other files, logs of other runs. */
export const tamperedLogs: readonly Tampering[] = [
  contradictory(
    "a file that the report has no digest of",
    passDraft,
    (draft) => {
      const content = [...seal(draft).keys()].filter((path) => /^(?:backend|proofs)\//.test(path));
      report({ artifact_paths: content, artifact_digests: {} })(draft);
    },
    "ARTIFACT_DIGEST_DIFFERS",
  ),
  {
    name: "a backend log that came after the report",
    expected: ["contradictory", "ARTIFACT_DIGEST_DIFFERS"],
    make: () => {
      const draft = passDraft();
      const stored = JSON.parse(new TextDecoder().decode(seal(draft).get("report.json"))) as Record<string, unknown>;
      const { artifact_digests, artifact_paths } = stored;
      report({ artifact_digests, artifact_paths })(draft);
      draft.texts["backend/late.log"] = "late\n";
      return seal(draft);
    },
  },
  contradictory(
    "a test log that is shorter than its parts",
    passDraft,
    verification({ log: { path: "test.log", bytes: 23, truncated: false } }),
    "ARTIFACT_DIGEST_DIFFERS",
  ),
  contradictory(
    "a pointer to another file than its name says",
    passDraft,
    run({ pointers: { report: "review.json" } }),
    "POINTER_DIFFERS",
  ),
  contradictory(
    "a live log of another run",
    passDraft,
    text("events.ndjson", (before) => before.replaceAll(passDraft().runId, failDraft().runId)),
    "RUN_ID_DIFFERS",
  ),
  contradictory(
    "a live log that begins later",
    passDraft,
    text("events.ndjson", (before) => before.replace(/^.*\n/, "")),
    "LOG_CONTRADICTED",
  ),
  contradictory(
    "a live log with a line taken out",
    passDraft,
    text("events.ndjson", (before) => before.split("\n").toSpliced(1, 1).join("\n")),
    "LOG_CONTRADICTED",
  ),
  contradictory(
    "an empty live log",
    passDraft,
    text("events.ndjson", () => ""),
    "LOG_CONTRADICTED",
  ),
  contradictory(
    "an empty trace",
    passDraft,
    text("trace.jsonl", () => ""),
    "LOG_CONTRADICTED",
  ),
  ...["events.ndjson", "trace.jsonl"].flatMap((path) => [
    contradictory(
      `${path} of another day`,
      passDraft,
      text(path, (before) => before.replaceAll("2026-11-20", "2026-11-21")),
      "CLOCK_BACKWARDS",
    ),
    built(
      `${path} without its last LF`,
      passDraft,
      text(path, (before) => before.slice(0, -1)),
      "unverifiable",
      "EVENT_LINE_UNENDED",
    ),
    built(
      `${path} with plain text in it`,
      passDraft,
      text(path, (before) => `hello\n${before}`),
      "unverifiable",
      "JSON_SYNTAX",
    ),
    built(
      `${path} that ends in another format`,
      passDraft,
      text(path, (before) => `${before}{"schema":"cto.event.v1"}\n`),
      "unverifiable",
      "DOCUMENT_VERSION_UNKNOWN",
    ),
    built(
      `${path} that ends in a very long line`,
      passDraft,
      text(path, (before) => `${before}${"x".repeat(1024 * 1024 + 1)}\n`),
      "unverifiable",
      "EVENT_LINE_TOO_LONG",
    ),
  ]),
];
