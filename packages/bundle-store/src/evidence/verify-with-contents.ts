import path from "node:path";
import { type BundleFacts, isBundleDocument, RUN_FILES, runBundleSchema, verifyBundle } from "@cto/evidence-interface";
import { readBundleFacts } from "../bundle-facts-reader.ts";
import type { VerifiedBundle } from "./evidence.ts";
import { type BundleClaim, toBundleClaim } from "./spent-claim.ts";

/** A bundle's verdict, and what stands in it if it verifies. */
export type BundleJudgement =
  | {
      readonly kind: "verified";
      readonly bundle: VerifiedBundle;
      readonly mode: string;
      readonly claim: BundleClaim | null;
    }
  | { readonly kind: "refused"; readonly reason: string };

/** No log of governed events that verifies is longer: 14 events in lines of 1 MiB at most. */
const eventBytes = 16 * 1024 * 1024;

/** Reads and verifies one run directory, which must hold the run that its name says. Nothing is read twice: what is handed on is what was verified. */
export function verifyWithContents(directory: string, signatures: BundleFacts["signatures"]): BundleJudgement {
  const runId = path.basename(directory);
  const read = readBundleFacts(directory);
  const kept: Uint8Array[] = [];
  const facts: BundleFacts = {
    ...read,
    events: read.events === null ? null : keepParts(read.events, kept),
    ...(signatures === undefined ? {} : { signatures }),
  };
  const { findings, run_id, verdict } = verifyBundle(facts);
  if (verdict !== "unsigned" && verdict !== "valid")
    return { kind: "refused", reason: `run ${runId} is ${verdict} (${findings[0]?.code ?? "no finding"})` };
  if (run_id !== runId) return { kind: "refused", reason: `the directory of run ${runId} holds the run ${run_id}` };
  const bundle = toVerifiedBundle(runId, facts, kept);
  const { mode } = runBundleSchema.parse(bundle.document(RUN_FILES.run));
  return { kind: "verified", bundle, mode, claim: toBundleClaim(facts.documents) };
}

function* keepParts(parts: Iterable<Uint8Array>, kept: Uint8Array[]): Generator<Uint8Array> {
  let bytes = 0;
  for (const part of parts) {
    bytes += part.length;
    // The reader may use the part's memory again.
    if (bytes <= eventBytes) kept.push(part.slice());
    yield part;
  }
}

function toVerifiedBundle(runId: string, facts: BundleFacts, events: readonly Uint8Array[]): VerifiedBundle {
  const manifest = facts.documents.get(RUN_FILES.manifest);
  const texts = new TextDecoder();
  return {
    run_id: runId,
    manifest_sha256: facts.sha256(manifest ?? new Uint8Array()),
    document(name) {
      const bytes = isBundleDocument(name) ? facts.documents.get(name) : undefined;
      return bytes === undefined ? undefined : JSON.parse(texts.decode(bytes));
    },
    events: Buffer.concat(events)
      .toString("utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
    paths: facts.files.map((file) => file.path).sort(),
  };
}
