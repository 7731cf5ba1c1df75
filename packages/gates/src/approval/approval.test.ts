import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import {
  APPROVAL_DECISION_TYPE,
  type ApprovalDecision,
  type ApprovalPacket,
  approvalPacketSchema,
  type TrustedKey,
  toBase64,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
  type VerifySignature,
} from "@cto/evidence-interface";
import { describe, expect, test } from "vitest";
import {
  findApproval,
  openDecision,
  type PacketFacts,
  parseTask,
  type StoredApproval,
  toApprovalPacket,
} from "../index.ts";

const now = new Date("2026-05-04T12:00:00.000Z");
const hex = (text: string) => createHash("sha256").update(text).digest("hex");
const packetFacts = {
  task: parseTask({
    file: "t.json",
    text: JSON.stringify({
      schema: "cto.task.v1",
      id: "slugify",
      title: "Slugs",
      brief: "B",
      stage: 5,
      allowed_paths: ["src/", "docs/", "a", "b"],
      verification: [{ id: "tests", run: ["node", "--test"] }],
    }),
  }),
  taskDigest: hex("task"),
  stage: 5,
  target: { targetId: hex("target"), name: "billing" },
  baseCommit: "1".repeat(40),
  baseTree: "3".repeat(40),
  policyDigest: hex("policy"),
  engine: { id: "fake", version: "1.0.0", sha256: hex("engine"), inputSha256: hex("script") },
  model: null,
  forbiddenActions: ["push"],
} satisfies PacketFacts;
const request = toApprovalPacket(packetFacts);

const pair = generateKeyPairSync("ed25519");
const der = new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }));
const key: TrustedKey = {
  keyid: createHash("sha256").update(der).digest("hex"),
  name: "ada",
  public_key: toBase64(der),
  roles: ["approver"],
  added_at: "2026-05-01T00:00:00.000Z",
};
const verifySignature: VerifySignature = ({ publicKey, message, signature }) =>
  verify(null, message, createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" }), signature);
const approver = { keyid: key.keyid, name: key.name, public_key: key.public_key };
const digestOf = (packet: ApprovalPacket) => hex(toCanonicalJson(packet));
const granted = (packet: ApprovalPacket, more: Partial<ApprovalDecision> = {}): ApprovalDecision => ({
  schema: "cto.approval-decision.v1",
  packet_sha256: digestOf(packet),
  decision: "granted",
  reason: null,
  approver,
  decided_at: "2026-05-04T11:30:00.000Z",
  narrowing: null,
  ...more,
});
function sealed(decision: ApprovalDecision): Uint8Array {
  const payload = new TextEncoder().encode(toCanonicalJson(decision));
  const signature = sign(null, toPreAuthentication(APPROVAL_DECISION_TYPE, payload), pair.privateKey);
  const envelope = toEnvelope({
    payloadType: APPROVAL_DECISION_TYPE,
    payload,
    signatures: [{ keyid: key.keyid, signature: new Uint8Array(signature) }],
  });
  return new TextEncoder().encode(`${toCanonicalJson(envelope)}\n`);
}
const open = (bytes: Uint8Array, more: Partial<Parameters<typeof openDecision>[0]> = {}) =>
  openDecision({ bytes, packetSha256: digestOf(request), trusted: [key], verifySignature, now, ...more });

describe("a packet", () => {
  test("fits its schema, is the same for the same facts, and holds one sentence that a person can repeat", () => {
    expect(approvalPacketSchema.parse(request)).toEqual(request);
    expect(toApprovalPacket(packetFacts)).toEqual(request);
    expect(request.sentence).toBe(
      'Let fake 1.0.0 change src/, docs/, a and 1 more for the repository billing at 111111111111, once, for "Slugs".',
    );
    expect(
      toApprovalPacket({
        ...packetFacts,
        stage: 2,
        target: null,
        baseCommit: null,
        model: { provider: "acme", model: "m1" },
      }).sentence,
    ).toBe(
      'Let fake 1.0.0 with acme/m1 change src/, docs/, a and 1 more in a copy of the task\'s fixture, once, for "Slugs".',
    );
  });
});

describe("a decision", () => {
  test("counts if a trusted approver signed exactly it", () => {
    expect(open(sealed(granted(request)))).toEqual({ kind: "valid", decision: granted(request) });
  });
  test("for another packet is foreign", () => {
    expect(open(sealed(granted(request)), { packetSha256: hex("other") }).kind).toBe("foreign");
  });
  test.each<[string, () => ReturnType<typeof open>, RegExp]>([
    ["a stranger's key", () => open(sealed(granted(request)), { trusted: [] }), /not in cto\/keys\/trusted\.json/],
    [
      "a key in another role",
      () => open(sealed(granted(request)), { trusted: [{ ...key, roles: ["harness"] }] }),
      /ada is trusted as harness and not as approver/,
    ],
    ["a signature over other bytes", () => open(swapPayload(granted(request, { reason: "changed" }))), /signature/],
    [
      "a name that is not the signer's",
      () => open(sealed(granted(request, { approver: { ...approver, keyid: hex("x") } }))),
      /another key/,
    ],
    [
      "a date in the future",
      () => open(sealed(granted(request, { decided_at: "2026-05-04T12:00:00.001Z" }))),
      /future/,
    ],
    [
      "another version",
      () => open(sealed({ ...granted(request), schema: "cto.approval-decision.v2" as never })),
      /no approval decision/,
    ],
    [
      "a day that does not exist",
      () => open(sealed(granted(request, { decided_at: "2026-02-31T12:00:00.000Z" }))),
      /calendar/,
    ],
    [
      "other bytes around the same words",
      () =>
        open(
          new TextEncoder().encode(
            `${JSON.stringify(JSON.parse(new TextDecoder().decode(sealed(granted(request)))), null, 2)}\n`,
          ),
        ),
      /bytes that/,
    ],
    ["no JSON", () => open(new TextEncoder().encode("{")), /cannot be read/],
    ["an empty file", () => open(new Uint8Array()), /cannot be read/],
  ])("with %s is none", (_what, act, reason) => {
    const opened = act();
    expect(opened.kind === "invalid" && opened.reason).toMatch(reason);
  });
});

/** The signature of the granted decision under another payload. */
function swapPayload(decision: ApprovalDecision): Uint8Array {
  const honest = JSON.parse(new TextDecoder().decode(sealed(granted(request)))) as { payload: string };
  honest.payload = toBase64(new TextEncoder().encode(toCanonicalJson(decision)));
  return new TextEncoder().encode(JSON.stringify(honest));
}

const stored = (packet: ApprovalPacket, more: Partial<StoredApproval> = {}): StoredApproval => ({
  packet,
  decision: null,
  claim: null,
  ...more,
});
const valid = (packet: ApprovalPacket, more: Partial<ApprovalDecision> = {}) => ({
  decision: { kind: "valid", decision: granted(packet, more) } as const,
});
const claim = {
  schema: "cto.approval-claim.v1",
  packet_sha256: digestOf(request),
  decision_sha256: hex("d"),
  run_id: "run-1",
  claimed_at: "2026-05-04T11:40:00.000Z",
} as const;
const find = (...all: StoredApproval[]) => findApproval({ request, stored: all, now });

describe("finding an approval", () => {
  test("is ready with a granted decision in time, to the millisecond", () => {
    expect(find(stored(request, valid(request)))).toMatchObject({ kind: "ready", packet: request });
    expect(find(stored(request, valid(request, { decided_at: "2026-05-04T11:00:00.000Z" }))).kind).toBe("ready");
    expect(find(stored(request, valid(request, { decided_at: "2026-05-04T10:59:59.999Z" })))).toEqual({
      kind: "blocked",
      code: "approval_expired",
      reason: "the approval ended at 2026-05-04T11:59:59.999Z",
      packet: { ...request, attempt: 2 },
    });
  });

  test("asks when nobody was asked, when nobody answered, and when the answer counts for nothing", () => {
    expect(find()).toMatchObject({ code: "approval_missing", reason: "nobody was asked before", packet: request });
    expect(find(stored(request))).toMatchObject({ code: "approval_missing", packet: request });
    expect(find(stored(request, { decision: { kind: "invalid", reason: "its key is unknown" } }))).toMatchObject({
      code: "approval_missing",
      reason: "there is a decision, but its key is unknown",
      packet: request,
    });
    expect(find(stored(request, { decision: { kind: "foreign", decision: granted(request) } }))).toMatchObject({
      code: "approval_mismatch",
    });
  });

  test("a spent approval is spent, and the next attempt is a packet of its own", () => {
    const second = { ...request, attempt: 2 };
    expect(find(stored(request, { ...valid(request), claim }))).toMatchObject({
      code: "approval_consumed",
      packet: second,
    });
    expect(find(stored(second), stored(request, { ...valid(request), claim }))).toMatchObject({
      code: "approval_missing",
      packet: second,
    });
    expect(find(stored(request, { ...valid(request), claim }), stored(second, valid(second)))).toMatchObject({
      kind: "ready",
      packet: second,
    });
  });

  test("a later packet that nobody was asked about counts for nothing, and a denial holds beside it", () => {
    const later = { ...request, attempt: 2 };
    expect(find(stored(later, valid(later)))).toMatchObject({ code: "approval_missing", packet: request });
    const denied = stored(request, valid(request, { decision: "denied" }));
    expect(find(denied, stored(later, valid(later)))).toMatchObject({ code: "approval_denied", packet: request });
    expect(
      find(stored(request, { ...valid(request), claim }), stored(later, valid(later, { decision: "denied" }))),
    ).toMatchObject({
      code: "approval_denied",
      packet: later,
    });
  });

  test("a denied packet stays denied", () => {
    expect(find(stored(request, valid(request, { decision: "denied", reason: "too broad" })))).toEqual({
      kind: "blocked",
      code: "approval_denied",
      reason: "ada said no: too broad",
      packet: request,
    });
  });

  test.each<[string, PacketFacts, string]>([
    ["a changed contract", { ...packetFacts, taskDigest: hex("task 2") }, "the task contract was"],
    [
      "a moved HEAD",
      { ...packetFacts, baseCommit: "2".repeat(40) },
      "the base commit was 2222222222222222222222222222222222222222 and is 1111111111111111111111111111111111111111",
    ],
    [
      "another engine version",
      { ...packetFacts, engine: { ...packetFacts.engine, version: "0.9.0" } },
      "the engine was fake 0.9.0",
    ],
    [
      "another script of the engine",
      { ...packetFacts, engine: { ...packetFacts.engine, inputSha256: null } },
      "the engine's input was none and is",
    ],
    ["another fixture", { ...packetFacts, baseTree: "4".repeat(40) }, "the base tree was"],
    [
      "another executable",
      { ...packetFacts, engine: { ...packetFacts.engine, sha256: hex("e2") } },
      "the engine's executable was",
    ],
    ["a model", { ...packetFacts, model: { provider: "acme", model: "m1" } }, "the model was acme m1 and is none"],
    ["another target", { ...packetFacts, target: { targetId: hex("t2"), name: null } }, "the target was"],
    ["another policy", { ...packetFacts, policyDigest: hex("p2") }, "the policy was"],
    ["another stage", { ...packetFacts, stage: 4 }, "the stage was 4 and is 5"],
  ])("a granted approval for %s is a mismatch that says so", (_what, facts, reason) => {
    const other = toApprovalPacket(facts);
    const answer = find(stored(other, valid(other)));
    expect(answer).toMatchObject({ kind: "blocked", code: "approval_mismatch", packet: request });
    expect(answer.kind === "blocked" && answer.reason).toContain(reason);
    expect(find(stored(other, { ...valid(other), claim }))).toMatchObject({ code: "approval_missing" });
  });
});
