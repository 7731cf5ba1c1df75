import type * as z from "zod";
import { toCanonicalJson } from "../canonical-json.ts";
import { openEnvelope, type VerifySignature } from "../dsse.ts";
import { manifestSchema } from "../schemas/manifest.ts";
import {
  OUTCOME_FILES,
  OUTCOME_TYPE,
  type Outcome,
  type OutcomeEvent,
  outcomeEventSchema,
  outcomeSchema,
} from "../schemas/outcome.ts";
import { envelopeSchema, type TrustedKey } from "../schemas/signatures.ts";
import { safeParseStrictJson } from "../strict-json.ts";
import { SCHEMAS } from "../vocabulary.ts";
import { publicKeyOfApprover, trustsApprover } from "./approver-keys.ts";
import { isCanonical } from "./is-canonical.ts";

/** What a reader supplies of an outcome directory and of the run that it is about. */
export interface OutcomeFacts {
  /** Every entry of `.cto/outcomes/<run id>/` by name; the reader must refuse what is no plain file. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of the run's bundle. That it verifies now and is a pass with a pending landing is the caller's to see to. */
  readonly run: {
    readonly run_id: string;
    /** SHA-256 of the bytes of the run's manifest.json. */
    readonly manifest_sha256: string;
    /** `event_count` and `chain_head` of that manifest. */
    readonly event_count: number;
    readonly chain_head: string;
    /** `source.result_tree`, `source.baseline_commit` and `source.target_id` of report.json. */
    readonly result_tree: string | null;
    readonly base_commit: string | null;
    readonly target_id: string | null;
    /** `run_finished_at` of report.json. */
    readonly finished_at: string;
  };
  readonly sha256: (bytes: Uint8Array) => string;
  readonly verifySignature: VerifySignature;
  /** Of the place that asks; only keys with the role `approver` count. */
  readonly trustedKeys: readonly TrustedKey[];
}

export type VerifyOutcomeResult =
  | { readonly ok: true; readonly outcome: Outcome }
  | { readonly ok: false; readonly problems: readonly string[] };

type Say = (problem: string) => void;

/**
 * Judges the record of a person's decision about a run: all its files and no other, in canonical bytes, signed by a trusted approver, a
 * continuation of the run's chain, and about exactly this run. Each problem is one sentence. Never throws for anything that the files can hold.
 */
export function verifyOutcome(facts: OutcomeFacts): VerifyOutcomeResult {
  const problems: string[] = [];
  const say: Say = (problem) => problems.push(problem);
  compareNames(facts.files, say);
  const outcome = readDocument(facts, OUTCOME_FILES.outcome, outcomeSchema, say);
  const event = readDocument(facts, OUTCOME_FILES.events, outcomeEventSchema, say);
  judgeManifest(facts, say);
  if (outcome === undefined || event === undefined) return { ok: false, problems };
  judgeSignature(facts, outcome, say);
  judgeEvent(facts, outcome, event, say);
  judgeOutcome(facts, outcome, say);
  return problems.length === 0 ? { ok: true, outcome } : { ok: false, problems };
}

function compareNames(files: OutcomeFacts["files"], say: Say): void {
  const expected: ReadonlySet<string> = new Set(Object.values(OUTCOME_FILES));
  for (const name of expected) if (!files.has(name)) say(`${name} is missing`);
  for (const name of files.keys()) if (!expected.has(name)) say("there is a file that no outcome has");
}

/** The value of a file that must be canonical JSON and one LF. An absent file has its problem already. */
function readDocument<Value>(
  { files }: OutcomeFacts,
  name: string,
  shape: z.ZodType<Value>,
  say: Say,
): Value | undefined {
  const bytes = files.get(name);
  if (bytes === undefined) return undefined;
  const parsed = safeParseStrictJson(bytes);
  const shaped = parsed.ok ? shape.safeParse(parsed.value) : undefined;
  if (!parsed.ok) say(`${name} is no strict JSON: ${parsed.error.message}`);
  else if (!isCanonical(bytes, parsed.value)) say(`${name} is not stored in canonical bytes and one LF`);
  else if (!shaped?.success) say(`${name} does not have the shape of its format`);
  return shaped?.data;
}

function judgeManifest(facts: OutcomeFacts, say: Say): void {
  const { files, run, sha256 } = facts;
  const manifest = readDocument(facts, OUTCOME_FILES.manifest, manifestSchema, say);
  if (manifest === undefined) return;
  const listed = [OUTCOME_FILES.outcome, OUTCOME_FILES.signature, OUTCOME_FILES.events].sort().flatMap((path) => {
    const bytes = files.get(path);
    return bytes === undefined ? [] : [{ path, bytes: bytes.length, sha256: sha256(bytes) }];
  });
  const expected = {
    schema: SCHEMAS.manifest,
    run_id: run.run_id,
    files: listed,
    event_count: 1,
    chain_head: sha256(files.get(OUTCOME_FILES.events)?.subarray(0, -1) ?? new Uint8Array()),
  };
  if (toCanonicalJson(manifest) !== toCanonicalJson(expected))
    say(`${OUTCOME_FILES.manifest} does not list the other files as they are`);
}

function judgeSignature(facts: OutcomeFacts, { approver }: Outcome, say: Say): void {
  const envelope = readDocument(facts, OUTCOME_FILES.signature, envelopeSchema, say);
  if (envelope === undefined) return;
  const publicKey = publicKeyOfApprover(approver, facts.sha256);
  if (publicKey === undefined) say("approver.keyid is not the digest of approver.public_key");
  if (!trustsApprover(facts.trustedKeys, approver)) say(`the key ${approver.keyid} is not trusted as approver`);
  const opened = openEnvelope({
    envelope,
    payloadType: OUTCOME_TYPE,
    publicKeyOf: (keyid) => (keyid === approver.keyid ? publicKey : undefined),
    verifySignature: facts.verifySignature,
  });
  if (!opened.ok) say(`${OUTCOME_FILES.signature}: ${opened.message}`);
  else if (facts.sha256(opened.payload) !== facts.sha256(facts.files.get(OUTCOME_FILES.outcome) ?? new Uint8Array()))
    say(`${OUTCOME_FILES.signature} signs other bytes than those of ${OUTCOME_FILES.outcome}`);
}

function judgeEvent({ files, run, sha256 }: OutcomeFacts, outcome: Outcome, event: OutcomeEvent, say: Say): void {
  const name = OUTCOME_FILES.events;
  if (event.run_id !== run.run_id) say(`${name} is of run ${event.run_id}`);
  if (event.seq !== run.event_count + 1 || event.prev !== run.chain_head)
    say(`${name} does not continue the run's chain`);
  if (event.at !== outcome.recorded_at) say(`${name} has another time than ${OUTCOME_FILES.outcome}`);
  const digest = sha256(files.get(OUTCOME_FILES.outcome) ?? new Uint8Array());
  if (event.data.outcome !== outcome.outcome || event.data.outcome_sha256 !== digest)
    say(`${name} is not about this ${OUTCOME_FILES.outcome}`);
}

function judgeOutcome({ run }: OutcomeFacts, outcome: Outcome, say: Say): void {
  const name = OUTCOME_FILES.outcome;
  if (outcome.run_id !== run.run_id) say(`${name} is about run ${outcome.run_id}`);
  if (outcome.manifest_sha256 !== run.manifest_sha256) say(`${name} is about another bundle of that run`);
  if (outcome.target_id !== run.target_id) say(`${name} is about another target`);
  if (outcome.recorded_at < run.finished_at) say(`${name} was recorded before the run had finished`);
  const { landing } = outcome;
  if ((outcome.outcome === "accepted") !== (landing !== null))
    say(`${name} says ${outcome.outcome} and ${landing === null ? "nothing was landed" : "something was landed"}`);
  if (landing === null) return;
  if (landing.branch !== `refs/heads/cto/${run.run_id}`) say(`${name} names another branch than the run's`);
  if (landing.base_commit !== run.base_commit) say(`${name} names another base commit than the run's`);
  if (landing.tree !== run.result_tree) say(`${name} names another tree than the run's result`);
}
