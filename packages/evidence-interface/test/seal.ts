import { createHash } from "node:crypto";
import { toCanonicalJson } from "../src/index.ts";

/** A bundle before it is sealed: digests, the chain and the manifest are computed from it, in the report and in the events too. */
export interface BundleDraft {
  runId: string;
  /** Documents by path; `report.json` gets its digests when it is sealed. */
  documents: Record<string, Record<string, unknown>>;
  texts: Record<string, string>;
  events: { event: string; at: string; data: Record<string, unknown> }[];
}

export type BundleContent = Map<string, Uint8Array>;

const encoder = new TextEncoder();

/** UTF-8 bytes. */
export const encode = (text: string) => encoder.encode(text);

/** A file of a bundle as text. */
export const textOf = (content: BundleContent, path: string) => new TextDecoder().decode(content.get(path));

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Seals a draft the way the format asks, with the code of this package's format and nothing of the code that builds real bundles. */
export function seal(draft: BundleDraft): BundleContent {
  const content: BundleContent = new Map();
  const report = { ...draft.documents["report.json"] };
  for (const [path, text] of Object.entries(draft.texts)) content.set(path, encode(text));
  for (const [path, document] of Object.entries(draft.documents)) {
    if (path !== "report.json")
      content.set(path, encode(path.startsWith("proofs/") ? `${toCanonicalJson(document)}\n` : pretty(document)));
  }
  for (const [field, path] of [
    ["task_digest", "proofs/task.json"],
    ["policy_digest", "proofs/policy.json"],
  ] as const) {
    const stored = content.get(path);
    if (report[field] === undefined && stored !== undefined) report[field] = sha256(stored.subarray(0, -1));
  }
  content.set("events.normalized.jsonl", encode(chain(draft, report)));
  const sealedBefore = [...content].filter(([path]) => !sealedLater.test(path)).sort(byPath);
  report.artifact_paths ??= sealedBefore.map(([path]) => path);
  report.artifact_digests ??= Object.fromEntries(sealedBefore.map(([path, bytes]) => [path, sha256(bytes)]));
  content.set("report.json", encode(pretty(report)));
  return withManifest(content, draft.runId);
}

/** Written with the report or after it, or still growing then. */
const sealedLater = /^(?:run\.json|re(?:port|view)\.(?:md|json)|observer\/.*|events\..*|trace\.jsonl)$/;

/** Adds a manifest over the content as it stands. */
export function withManifest(content: BundleContent, runId: string): BundleContent {
  const listed = [...content]
    .filter(([path]) => path !== "manifest.json" && path !== "attestation.intoto.jsonl")
    .sort(byPath);
  const lines = textOf(content, "events.normalized.jsonl").split("\n").slice(0, -1);
  const manifest = {
    schema: "cto.manifest.v1",
    run_id: runId,
    files: listed.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
    event_count: lines.length,
    chain_head: lines.length === 0 ? "0".repeat(64) : sha256(encode(lines.at(-1) ?? "")),
  };
  return new Map([...content, ["manifest.json", encode(`${toCanonicalJson(manifest)}\n`)]]);
}

function chain(draft: BundleDraft, report: Readonly<Record<string, unknown>>): string {
  let prev = "0".repeat(64);
  let text = "";
  for (const [index, { event, at, data: given }] of draft.events.entries()) {
    const { task_digest } = report;
    const policy_digest = report.policy_digest && digestBeforeApproval(draft, report.policy_digest);
    const data = event === "task.contract.created" ? { task_digest, policy_digest, ...given } : given;
    const line = toCanonicalJson({
      schema: "cto.event.v1",
      seq: index + 1,
      at,
      run_id: draft.runId,
      event,
      data,
      prev,
    });
    prev = sha256(encode(line));
    text += `${line}\n`;
  }
  return text;
}

/** What the event names: it is written before an approval can have added rules of its own. */
function digestBeforeApproval(draft: BundleDraft, reported: unknown): unknown {
  const policy = draft.documents["proofs/policy.json"];
  const rules = (policy?.rules ?? []) as readonly { readonly layer: string }[];
  const before = rules.filter(({ layer }) => layer !== "approval");
  return before.length === rules.length ? reported : sha256(encode(toCanonicalJson({ ...policy, rules: before })));
}

function pretty(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function byPath([left]: [string, Uint8Array], [right]: [string, Uint8Array]): number {
  return left < right ? -1 : 1;
}
