import type { Signer } from "@cto/bundle-store";
import { createManifest } from "@cto/core-bundle";
import {
  OUTCOME_FILES,
  OUTCOME_TYPE,
  type Outcome,
  type OutcomeEvent,
  type OutcomeFacts,
  SCHEMAS,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
} from "@cto/evidence-interface";
import { sha256 } from "../run/run-record.ts";

/** The record of a decision, file by file, signed. Its event continues the chain of the run's bundle. */
export function toOutcomeFiles(
  outcome: Outcome,
  run: Pick<OutcomeFacts["run"], "chain_head" | "event_count">,
  signer: Signer,
): ReadonlyMap<string, Uint8Array> {
  const document = toLine(outcome);
  const event: OutcomeEvent = {
    schema: SCHEMAS.event,
    seq: run.event_count + 1,
    at: outcome.recorded_at,
    run_id: outcome.run_id,
    event: "operator.outcome.recorded",
    data: { outcome: outcome.outcome, outcome_sha256: sha256(document) },
    prev: run.chain_head,
  };
  const line = toLine(event);
  const sealed = new Map([
    [OUTCOME_FILES.outcome, document],
    [OUTCOME_FILES.signature, toLine(sign(document, signer))],
    [OUTCOME_FILES.events, line],
  ]);
  const manifest = createManifest({
    runId: outcome.run_id,
    files: [...sealed].map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
    eventCount: 1,
    chainHead: sha256(line.subarray(0, -1)),
  });
  return new Map([...sealed, [OUTCOME_FILES.manifest, Buffer.from(manifest)]]);
}

function sign(payload: Uint8Array, { publicKey, sign: signBytes }: Signer) {
  const signature = signBytes(toPreAuthentication(OUTCOME_TYPE, payload));
  return toEnvelope({ payloadType: OUTCOME_TYPE, payload, signatures: [{ keyid: publicKey.keyid, signature }] });
}

function toLine(value: unknown): Buffer {
  return Buffer.from(`${toCanonicalJson(value)}\n`);
}
