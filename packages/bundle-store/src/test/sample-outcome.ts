import { createManifest } from "@cto/core-bundle";
import {
  OUTCOME_FILES,
  OUTCOME_TYPE,
  type Outcome,
  type OutcomeFacts,
  SCHEMAS,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
} from "@cto/evidence-interface";
import { sha256 } from "../disk.ts";
import type { Signer } from "../index.ts";

/** Facts of a run that waits for a decision. */
export function sampleOutcomeRun(runId: string): OutcomeFacts["run"] {
  return {
    run_id: runId,
    manifest_sha256: "1".repeat(64),
    event_count: 12,
    chain_head: "2".repeat(64),
    result_tree: "3".repeat(40),
    base_commit: "4".repeat(40),
    target_id: "5".repeat(64),
    finished_at: "2026-11-20T06:01:05.000Z",
  };
}

/** A whole signed record of a rejection. */
export function sampleOutcomeFiles(run: OutcomeFacts["run"], signer: Signer): ReadonlyMap<string, Uint8Array> {
  const line = (value: unknown): Buffer => Buffer.from(`${toCanonicalJson(value)}\n`);
  const outcome: Outcome = {
    schema: SCHEMAS.outcome,
    run_id: run.run_id,
    manifest_sha256: run.manifest_sha256,
    outcome: "rejected",
    reason: "not what was asked for",
    approver: signer.publicKey,
    recorded_at: "2026-11-20T07:00:00.000Z",
    target_id: run.target_id ?? "",
    landing: null,
    runtime_default_activation: false,
  };
  const document = line(outcome);
  const signature = signer.sign(toPreAuthentication(OUTCOME_TYPE, document));
  const signatures = [{ keyid: signer.publicKey.keyid, signature }];
  const event = line({
    schema: SCHEMAS.event,
    seq: run.event_count + 1,
    at: outcome.recorded_at,
    run_id: run.run_id,
    event: "operator.outcome.recorded",
    data: { outcome: outcome.outcome, outcome_sha256: sha256(document) },
    prev: run.chain_head,
  });
  const files = new Map<string, Uint8Array>([
    [OUTCOME_FILES.outcome, document],
    [OUTCOME_FILES.signature, line(toEnvelope({ payloadType: OUTCOME_TYPE, payload: document, signatures }))],
    [OUTCOME_FILES.events, event],
  ]);
  const listed = [...files].map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) }));
  const manifest = createManifest({
    runId: run.run_id,
    files: listed,
    eventCount: 1,
    chainHead: sha256(event.subarray(0, -1)),
  });
  return files.set(OUTCOME_FILES.manifest, Buffer.from(manifest));
}
