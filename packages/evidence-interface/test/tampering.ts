import { toCanonicalJson } from "../src/index.ts";
import { block, documentOf, eventOf } from "./draft-edits.ts";
import { passDraft } from "./golden-drafts.ts";
import { type BundleContent, type BundleDraft, encode, seal, textOf, withManifest } from "./seal.ts";

/** One way to spoil a bundle, and what the verifier must say: the verdict, then every code. */
export interface Tampering {
  readonly name: string;
  readonly make: () => BundleContent;
  readonly expected: readonly string[];
}

/** Changes stored bytes and leaves the manifest as it is. */
export function after(name: string, change: (content: BundleContent) => void, ...expected: string[]): Tampering {
  return {
    name,
    expected,
    make: () => {
      const content = new Map(seal(passDraft()));
      change(content);
      return content;
    },
  };
}

/** Changes stored text and writes a manifest that fits: what somebody does who knows the format. */
export function resealed(
  name: string,
  path: string,
  change: (text: string) => string,
  ...expected: string[]
): Tampering {
  return {
    name,
    expected,
    make: () => {
      const draft = passDraft();
      const content = new Map(seal(draft));
      content.set(path, encode(change(textOf(content, path))));
      return withManifest(content, draft.runId);
    },
  };
}

/** Changes the manifest's value and stores it in canonical bytes. */
// biome-ignore lint/suspicious/noExplicitAny: the point is to write values that the type forbids
export function manifest(name: string, change: (value: any) => void, ...expected: string[]): Tampering {
  return after(
    name,
    (content) => {
      const value: unknown = JSON.parse(textOf(content, "manifest.json"));
      change(value);
      content.set("manifest.json", encode(`${toCanonicalJson(value)}\n`));
    },
    ...expected,
  );
}

/** Builds a bundle that contradicts itself under digests that all fit. */
export function built(
  name: string,
  from: () => BundleDraft,
  change: (draft: BundleDraft) => void,
  ...expected: string[]
): Tampering {
  return {
    name,
    expected,
    make: () => {
      const draft = from();
      change(draft);
      return seal(draft);
    },
  };
}

export const report = (fields: Record<string, unknown>) => (draft: BundleDraft) =>
  void Object.assign(documentOf(draft, "report.json"), fields);
export const document = (path: string, fields: Record<string, unknown>) => (draft: BundleDraft) =>
  void Object.assign(documentOf(draft, path), fields);
export const without = (event: string) => (draft: BundleDraft) =>
  void draft.events.splice(draft.events.indexOf(eventOf(draft, event)), 1);
export const verification = (fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const [first] = documentOf(draft, "report.json").verification as Record<string, unknown>[];
  Object.assign(first ?? {}, fields);
};
export const failed =
  (code: Parameters<typeof block>[2], status: "fail" | "blocked", fields: Record<string, unknown> = {}) =>
  (draft: BundleDraft) => {
    block(draft, status, code);
    report(fields)(draft);
  };
export const digests = {
  head: "a0".repeat(32),
  index: "a1".repeat(32),
  status: "a2".repeat(32),
  objects: "a3".repeat(32),
  refs: "a4".repeat(32),
};
export const run = (fields: Record<string, unknown>) => document("run.json", fields);
export const eligibility = (fields: Record<string, unknown>) => document("proofs/eligibility.json", fields);
export const both =
  (...changes: ((draft: BundleDraft) => void)[]) =>
  (draft: BundleDraft) => {
    for (const change of changes) change(draft);
  };
export const data = (event: string, fields: Record<string, unknown>) => (draft: BundleDraft) => {
  Object.assign(eventOf(draft, event).data, fields);
};
export const at = (event: string, time: string) => (draft: BundleDraft) => {
  eventOf(draft, event).at = time;
};
export const patch = (change: (text: string) => string) => (draft: BundleDraft) => {
  draft.texts["patch.diff"] = change(draft.texts["patch.diff"] ?? "");
};
export const task = (fields: Record<string, unknown>) => document("proofs/task.json", fields);
export const treeState = (fields: Record<string, unknown>) => document("proofs/tree-state.json", fields);
export const nested = (path: string, field: string, fields: Record<string, unknown>) => (draft: BundleDraft) =>
  void Object.assign(documentOf(draft, path)[field] as object, fields);
export const policyRule = (dimension: string, value: unknown) => (draft: BundleDraft) => {
  const rules = documentOf(draft, "proofs/policy.json").rules as { dimension: string; layer: string; value: unknown }[];
  for (const rule of rules) if (rule.dimension === dimension && rule.layer === "task") rule.value = value;
};
export const contradictory = (
  name: string,
  from: () => BundleDraft,
  edit: (draft: BundleDraft) => void,
  ...codes: string[]
) => built(name, from, edit, "contradictory", ...codes);
/** What the events say of the golden verification, but for the command. */
export const check = { id: "unit", exit: { kind: "exited", code: 0 }, passed: true, resolved: null };
