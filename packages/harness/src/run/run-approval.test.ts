import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { revokeKey } from "@cto/bundle-store";
import type { Engine } from "@cto/engine-interface";
import { toCanonicalJson } from "@cto/evidence-interface";
import { beforeAll, describe, expect, it } from "vitest";
import { createApprover, decideOpen, openPackets, signDecision } from "../__fixtures__/approver-kit.ts";
import { admitModel, answer, approvalFolder, ask, createAskedPlace, localModel } from "../__fixtures__/asked-place.ts";
import { createKitEngine, createOtherBuild } from "../__fixtures__/governed-run.ts";
import { copyPlace, git, type Place } from "../__fixtures__/ladder-kit.ts";
import { codesOf, createFolder, eventsOf, type KitOptions, messageOf, writeFiles } from "../__fixtures__/run-kit.ts";

let asked: Place;
beforeAll(async () => {
  asked = await createAskedPlace();
});

/** Puts bytes in the place of a decision, as anybody can who may write there. */
function plant(place: Place, packet: string, bytes: string): void {
  writeFileSync(join(approvalFolder(place, packet), "decision.json"), bytes);
}

describe("an approval", () => {
  it("is asked for, granted from another home, claimed before the engine starts, and consumed in the evidence", async () => {
    const place = copyPlace(asked);
    const [packet = ""] = openPackets(place.store);
    const shown = JSON.parse(readFileSync(join(approvalFolder(place, packet), "packet.json"), "utf8"));
    expect(shown).toMatchObject({
      task_id: "kit-task",
      stage: 3,
      base_commit: git(place.target, "rev-parse", "HEAD"),
      engine: { id: "fake" },
      model: null,
      allowed_paths: ["a.txt"],
      validation_commands: [["grep", "-q", "new", "a.txt"]],
      attempt: 1,
    });
    expect(shown.sentence).toMatch(
      /^Let fake \S+ change a\.txt in a copy of the repository .*, once, for "A task of the tests"\.$/,
    );
    expect(existsSync(join(place.store.root, "keys"))).toBe(false);
    await decideOpen(place.store, place.approver);
    const run = await ask(place);
    expect(codesOf(run)).toEqual([]);
    expect(run.report.approval_status).toBe("consumed");
    expect(eventsOf(run).slice(3, 7)).toEqual([
      "plan.updated",
      "approval.requested",
      "approval.granted",
      "engine.started",
    ]);
    for (const name of ["packet", "decision", "claim"]) {
      const stored = readFileSync(join(approvalFolder(place, packet), `${name}.json`), "utf8");
      expect(run.read(`proofs/approval-${name}.json`)).toBe(stored);
    }
    expect(JSON.parse(run.read("proofs/approval-claim.json"))).toMatchObject({
      packet_sha256: packet,
      run_id: run.outcome.runId,
    });
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "pass" });
  });

  it("serves one run: the next asks anew under the next attempt, and a new grant serves the next", async () => {
    const place = await answer(asked);
    expect(codesOf(await ask(place))).toEqual([]);
    const replayed = await ask(place);
    expect(codesOf(replayed)).toEqual(["approval_consumed"]);
    expect(replayed.report.process_started).toBe(false);
    const second = await decideOpen(place.store, place.approver);
    expect(second).not.toBe(place.packet);
    expect(codesOf(await ask(place))).toEqual([]);
  });

  it("ends in time, and the next attempt can be granted", async () => {
    const place = await answer(asked, { decidedAt: new Date(Date.now() - 61 * 60_000) });
    expect(codesOf(await ask(place))).toEqual(["approval_expired"]);
    await decideOpen(place.store, place.approver);
    expect(codesOf(await ask(place))).toEqual([]);
  });

  it("that was denied stays denied, with who and why in the evidence; another contract is another question", async () => {
    const place = await answer(asked, { decision: "denied", reason: "too wide" });
    const run = await ask(place);
    expect(codesOf(run)).toEqual(["approval_denied"]);
    expect(run.report.approval_status).toBe("denied");
    expect(messageOf(run)).toContain("alice said no: too wide");
    expect(eventsOf(run).slice(-3)).toEqual(["approval.requested", "approval.denied", "run.completed"]);
    expect(run.verified.verdict).toBe("unsigned");
    expect(codesOf(await ask(place))).toEqual(["approval_denied"]);
    expect(codesOf(await ask(place, { task: { title: "Another title" } }))).toEqual(["approval_missing"]);
    expect(openPackets(place.store)).toHaveLength(1);
  });
});

describe("an approval for something else does not count, and the message says what differs", () => {
  const otherVersion = (): Engine => {
    const engine = createKitEngine();
    return { ...engine, doProbe: async (input) => ({ ...(await engine.doProbe(input)), version: "99.0.0" }) };
  };
  it.each<[string, RegExp, (place: Place) => KitOptions]>([
    ["the contract", /the task contract was/, () => ({ task: { brief: "Change more." } })],
    [
      "the base commit",
      /the base commit was [0-9a-f]{40} and is [0-9a-f]{40}/,
      ({ target }) => {
        git(target, "commit", "-q", "--allow-empty", "-m", "Second");
        return {};
      },
    ],
    [
      "the engine's executable",
      /the engine's executable was [0-9a-f]{64} and is/,
      () => ({ engine: createOtherBuild(createFolder()) }),
    ],
    ["the engine's version", /and is fake 99\.0\.0/, () => ({ engine: otherVersion() })],
    [
      "the model",
      /the model was none and is local small/,
      (place) => {
        admitModel(place);
        return { model: localModel };
      },
    ],
    [
      "the policy",
      /the policy was/,
      ({ store }) => {
        writeFiles(store.home, { "cto/config.yaml": "schema: cto.config.v1\npolicy: {forbidden_paths: [secret/]}\n" });
        return {};
      },
    ],
  ])("%s", async (_what, message, alter) => {
    const place = await answer(asked);
    const run = await ask(place, alter(place));
    expect(codesOf(run)).toEqual(["approval_mismatch"]);
    expect(messageOf(run)).toMatch(message);
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
    expect(existsSync(join(approvalFolder(place, place.packet), "claim.json"))).toBe(false);
    expect(openPackets(place.store)).toHaveLength(1);
  });
});

describe("a decision that nobody may rely on is none", () => {
  const edit = (bytes: string): string => {
    const envelope = JSON.parse(bytes) as { payload: string };
    const document = Buffer.from(envelope.payload, "base64").toString().replace('"granted"', '"denied"');
    return `${toCanonicalJson({ ...envelope, payload: Buffer.from(document).toString("base64") })}\n`;
  };

  it.each<[string, string, RegExp, (place: Place, packet: string) => Promise<void> | void]>([
    [
      "a stranger's key",
      "approval_missing",
      /its key is not in cto\/keys\/trusted\.json/,
      async ({ store }, packet) => {
        const stranger = await createApprover(createFolder(), []);
        await store.approvals.writeDecision(packet, signDecision(stranger, packet));
      },
    ],
    [
      "a key with another role",
      "approval_missing",
      /its key harry is trusted as harness and not as approver/,
      async ({ store }, packet) => {
        const harness = await createApprover(store.home, ["harness"], "harry");
        await store.approvals.writeDecision(packet, signDecision(harness, packet));
      },
    ],
    [
      "a key that was revoked since",
      "approval_missing",
      /its key is not in cto\/keys\/trusted\.json/,
      async ({ approver, store }) => {
        await decideOpen(store, approver);
        await revokeKey(store.home, approver.publicKey.keyid);
      },
    ],
    [
      "a signature over other bytes",
      "approval_missing",
      /signature/,
      async (place, packet) => {
        await decideOpen(place.store, place.approver);
        plant(place, packet, edit(readFileSync(join(approvalFolder(place, packet), "decision.json"), "utf8")));
      },
    ],
    [
      "a date in the future",
      "approval_missing",
      /dated in the future/,
      async ({ approver, store }) =>
        void (await decideOpen(store, approver, { decidedAt: new Date(Date.now() + 3_600_000) })),
    ],
    [
      "copied from another packet",
      "approval_mismatch",
      /signed for another packet/,
      (place, packet) => plant(place, packet, `${toCanonicalJson(signDecision(place.approver, "f".repeat(64)))}\n`),
    ],
    ["no JSON", "approval_missing", /cannot be read/, (place, packet) => plant(place, packet, "{")],
    [
      "a link",
      "approval_missing",
      /decision\.json/,
      async (place, packet) => {
        await decideOpen(place.store, place.approver);
        const file = join(approvalFolder(place, packet), "decision.json");
        renameSync(file, join(place.root, "decision.json"));
        symlinkSync(join(place.root, "decision.json"), file);
      },
    ],
    [
      "a list of trusted keys that cannot be believed",
      "approval_missing",
      /cto\/keys\/trusted\.json/,
      async ({ approver, store }) => {
        await decideOpen(store, approver);
        writeFiles(store.home, { "cto/keys/trusted.json": '{"schema": "cto.trusted-keys.v1", "keys": [], "more": 1}' });
      },
    ],
  ])("%s", async (_what, code, message, prepare) => {
    const place = copyPlace(asked);
    const [packet = ""] = openPackets(place.store);
    await prepare(place, packet);
    const run = await ask(place);
    expect(codesOf(run)).toEqual([code]);
    expect(messageOf(run)).toMatch(message);
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
    expect(existsSync(join(approvalFolder(place, packet), "claim.json"))).toBe(false);
  });
});
