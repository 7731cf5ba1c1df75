import { OUTCOME_TYPE, type OutcomeFacts, toCanonicalJson } from "../src/index.ts";
import { approver, signEnvelope, trustedKeys, verifySignature } from "./keys.ts";
import { encode, sha256 } from "./seal.ts";

const recordedAt = "2026-11-20T07:00:00.000Z";

/** The run that the outcome is about. */
const decidedRun: OutcomeFacts["run"] = {
  run_id: "r1-string-slugify-20261120t060100000z-0a1b2c3d",
  manifest_sha256: "1a".repeat(32),
  event_count: 12,
  chain_head: "1b".repeat(32),
  result_tree: "3b".repeat(20),
  base_commit: "1f".repeat(20),
  target_id: "9c".repeat(32),
  finished_at: "2026-11-20T06:01:09.000Z",
};

type Fields = Readonly<Record<string, unknown>>;
export const landing = {
  branch: `refs/heads/cto/${decidedRun.run_id}`,
  base_commit: decidedRun.base_commit,
  commit: "c2".repeat(20),
  tree: decidedRun.result_tree,
};

const canonical = (value: unknown) => encode(`${toCanonicalJson(value)}\n`);

/** An outcome directory whose parts fit one another, after changes to the outcome and to its event; `key` signs it. */
export function toOutcomeFiles(
  outcomeFields: Fields = {},
  eventFields: Fields = {},
  key = approver,
): Map<string, Uint8Array> {
  const outcome = canonical({
    schema: "cto.outcome.v1",
    run_id: decidedRun.run_id,
    manifest_sha256: decidedRun.manifest_sha256,
    outcome: "accepted",
    reason: "looks right",
    approver: key.publicKey,
    recorded_at: recordedAt,
    target_id: decidedRun.target_id,
    landing,
    runtime_default_activation: false,
    ...outcomeFields,
  });
  const event = canonical({
    schema: "cto.event.v1",
    seq: decidedRun.event_count + 1,
    at: recordedAt,
    run_id: decidedRun.run_id,
    event: "operator.outcome.recorded",
    data: { outcome: outcomeFields.outcome ?? "accepted", outcome_sha256: sha256(outcome) },
    prev: decidedRun.chain_head,
    ...eventFields,
  });
  return withOutcomeManifest(
    new Map([
      ["outcome.json", outcome],
      ["outcome.dsse.json", canonical(signEnvelope(key, OUTCOME_TYPE, outcome))],
      ["events.normalized.jsonl", event],
    ]),
  );
}

/** Writes the manifest over the other files as they stand. */
export function withOutcomeManifest(files: Map<string, Uint8Array>, fields: Fields = {}): Map<string, Uint8Array> {
  const listed = [...files]
    .filter(([path]) => path !== "manifest.json")
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return files.set(
    "manifest.json",
    canonical({
      schema: "cto.manifest.v1",
      run_id: decidedRun.run_id,
      files: listed.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
      event_count: 1,
      chain_head: sha256((files.get("events.normalized.jsonl") ?? new Uint8Array()).subarray(0, -1)),
      ...fields,
    }),
  );
}

export function toOutcomeFacts(
  files: ReadonlyMap<string, Uint8Array>,
  run: Partial<OutcomeFacts["run"]> = {},
): OutcomeFacts {
  return { files, run: { ...decidedRun, ...run }, sha256, verifySignature, trustedKeys };
}
