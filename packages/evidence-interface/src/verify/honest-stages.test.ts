import { describe, expect, test } from "vitest";
import { reclaim, redecide } from "../../test/approval-edits.ts";
import { block, documentOf, earlierGateNames, eventOf, setGates } from "../../test/draft-edits.ts";
import { judge, toFacts } from "../../test/facts.ts";
import { blockedDraft, passDraft } from "../../test/golden-drafts.ts";
import { at } from "../../test/golden-events.ts";
import { approver, stranger, verifySignature } from "../../test/keys.ts";
import { type BundleDraft, seal } from "../../test/seal.ts";
import {
  addPolicyRule,
  askedDraft,
  modelDraft,
  narrowedDraft,
  stage3Draft,
  stage4Draft,
  stage6Draft,
  stageDrafts,
} from "../../test/stage-drafts.ts";
import { verifyBundle } from "../index.ts";

/** The same run, ended early: nobody was there to prove that nothing was left. */
function interrupted(draft: BundleDraft): BundleDraft {
  block(draft, "blocked", "interrupted");
  draft.documents["proofs/no-effect.json"] = {
    ...blockedDraft().documents["proofs/no-effect.json"],
    run_id: draft.runId,
    equal: null,
    process_started: true,
    processes_left: null,
  };
  return draft;
}

describe("verifyBundle on honest bundles of the later stages", () => {
  test.each(Object.entries(stageDrafts))("accepts %s", (_name, draft) => {
    const { findings } = verifyBundle(toFacts(seal(draft())));
    expect(findings.map(({ code, path, message }) => [code, path, message])).toEqual([
      ["ATTESTATION_MISSING", null, "there is no attestation"],
    ]);
  });

  test("accepts a request whose report does not know the engine yet, and one that was never put into a packet", () => {
    const asked = askedDraft("none");
    expect(documentOf(asked, "report.json").engine).toMatchObject({ version: null, executable_sha256: null });
    expect(judge(seal(asked))).toEqual(["unsigned"]);
    const packetless = askedDraft("none");
    delete packetless.documents["proofs/approval-packet.json"];
    delete eventOf(packetless, "approval.requested").data.packet_sha256;
    expect(judge(seal(packetless))).toEqual(["unsigned"]);
    Object.assign(documentOf(packetless, "report.json"), { approval_status: "granted" });
    expect(judge(seal(packetless))).toEqual(["contradictory", "APPROVAL_CONTRADICTED"]);
  });

  test("accepts that a run whose harness died knows less of its approval, and not that it never had one", () => {
    const dead = interrupted(stage4Draft());
    Object.assign(documentOf(dead, "report.json"), { approval_status: "requested" });
    expect(judge(seal(dead))).toEqual(["unsigned"]);
    delete dead.documents["proofs/approval-claim.json"];
    expect(judge(seal(dead))).toEqual(["contradictory", "APPROVAL_MISSING"]);
  });

  test("takes equal times for a right order: decided, claimed and started at once, or claimed in the last moment", () => {
    const atOnce = stage4Draft();
    redecide(atOnce, { decided_at: at(3) });
    reclaim(atOnce, { claimed_at: at(3) });
    expect(judge(seal(atOnce))).toEqual(["unsigned"]);
    const atStart = stage4Draft();
    redecide(atStart, { decided_at: "2026-11-20T05:01:03.000Z" });
    reclaim(atStart, { claimed_at: at(3) });
    expect(judge(seal(atStart))).toEqual(["unsigned"]);
    const denied = askedDraft("denied");
    redecide(denied, { decision: "denied", decided_at: at(9) });
    delete denied.documents["proofs/approval-claim.json"];
    expect(judge(seal(denied))).toEqual(["unsigned"]);
  });

  test("accepts an engine that was refused before anybody looked for its records", () => {
    const refused = blockedDraft();
    documentOf(refused, "run.json").engine_id = "codex";
    const report = documentOf(refused, "report.json");
    report.backend = "codex";
    Object.assign(report.engine as object, { id: "codex", source_admission_status: "missing_admission" });
    eventOf(refused, "run.started").data.engine = "codex";
    eventOf(refused, "backend.gate.blocked").data.backend = "codex";
    expect(judge(seal(refused))).toEqual(["unsigned"]);
  });

  test("takes the least budget of all layers for the run's", () => {
    const draft = passDraft();
    addPolicyRule(draft, { dimension: "budget", value: { wall_seconds: 30, tokens: 500 }, layer: "organisation" });
    addPolicyRule(draft, { dimension: "budget", value: { wall_seconds: 40, tokens: 400 }, layer: "repository" });
    eventOf(draft, "plan.updated").data.budget = {
      wall_seconds: 30,
      artifact_bytes: 1_048_576,
      tokens: 400,
      usd: null,
    };
    expect(judge(seal(draft))).toEqual(["unsigned"]);
  });

  test("accepts an engine, a stage and paths that every layer permits", () => {
    const draft = passDraft();
    addPolicyRule(draft, { dimension: "engines", value: "codex", layer: "organisation" });
    addPolicyRule(draft, { dimension: "engines", value: "fake", layer: "organisation" });
    addPolicyRule(draft, { dimension: "stage", value: 2, layer: "repository" });
    addPolicyRule(draft, { dimension: "forbidden_paths", value: "src/slugify.js.bak", layer: "repository" });
    addPolicyRule(draft, { dimension: "forbidden_paths", value: "src/slug", layer: "organisation" });
    for (const value of ["src/*.mjs", "*.js", "**/slugify.js/*", "src/**/*/slugify.js", "slug*/"])
      addPolicyRule(draft, { dimension: "protected_paths", value, layer: "repository" });
    for (const value of ["docs/", "s*/slug*.js"])
      addPolicyRule(draft, { dimension: "allowed_paths", value, layer: "organisation" });
    addPolicyRule(draft, { dimension: "allowed_paths", value: "**/*.js", layer: "repository" });
    expect(judge(seal(draft))).toEqual(["unsigned"]);
  });

  test("accepts that a layer leaves out an engine and a stage which were refused for it", () => {
    const refused = blockedDraft();
    addPolicyRule(refused, { dimension: "engines", value: "codex", layer: "organisation" });
    addPolicyRule(refused, { dimension: "stage", value: 0, layer: "repository" });
    expect(judge(seal(refused))).toEqual(["unsigned"]);
  });

  test("accepts the gates of an earlier harness where that could have run, and where it refused", () => {
    const ran = stage3Draft();
    setGates(ran, {}, earlierGateNames);
    expect(judge(seal(ran))).toEqual(["unsigned"]);
    const refused = askedDraft("none");
    setGates(refused, { "stage-implemented": "fail" }, earlierGateNames);
    documentOf(refused, "proofs/eligibility.json").approval_required = false;
    expect(judge(seal(refused))).toEqual(["unsigned"]);
    const forged = stage4Draft();
    setGates(forged, {}, earlierGateNames);
    expect(judge(seal(forged))).toEqual(["contradictory", "ELIGIBILITY_CONTRADICTED"]);
  });

  test("accepts a throwaway repository that was kept, and one bundle that proves two failure classes", () => {
    const draft = stage4Draft();
    const note = `kept as .cto/disposable/${draft.runId}/repository.git; \`cto runs rm\` removes it`;
    Object.assign(documentOf(draft, "proofs/disposable.json"), { disposal: "retained", note });
    const rung = documentOf(draft, "proofs/rung.json") as { bundles: object[] };
    rung.bundles.push({ ...rung.bundles[2], proves: "failure class timeout at stage 3" });
    expect(judge(seal(draft))).toEqual(["unsigned"]);
  });

  test("accepts the model in the log, and none where the harness did not write it yet", () => {
    const draft = modelDraft();
    expect(judge(seal(draft))).toEqual(["unsigned"]);
    eventOf(draft, "run.started").data.model = { provider: "local", model: "m1" };
    expect(judge(seal(draft))).toEqual(["unsigned"]);
  });

  test("accepts stage 6 without a comparison where another gate refused", () => {
    const draft = stage6Draft();
    delete draft.documents["proofs/comparison.json"];
    delete draft.documents["proofs/route-guard.json"];
    delete draft.documents["proofs/rung.json"];
    setGates(draft, { "stage-permits-execution": "fail", "engine-admitted": "fail", "stage-proven": "undetermined" });
    expect(judge(seal(draft))).toEqual(["unsigned"]);
  });

  test("does not ask who is trusted where nobody says, and checks no signature without the means", () => {
    const strange = stage4Draft();
    redecide(strange, {}, { key: stranger });
    const forged = narrowedDraft();
    redecide(forged, { approver: approver.publicKey, narrowing: { forbidden_paths: ["docs/"] } }, { key: stranger });
    const verdicts = [strange, forged].map((draft) => {
      const { signatures, ...facts } = toFacts(seal(draft));
      const trustless = { verify: verifySignature, trusted: null };
      return [{ ...facts, signatures }, { ...facts, signatures: trustless }, facts].map(
        (given) => verifyBundle(given as typeof facts).verdict,
      );
    });
    expect(verdicts).toEqual([
      ["untrusted", "unsigned", "unsigned"],
      ["tampered", "tampered", "unsigned"],
    ]);
  });
});
