import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toCanonicalJson } from "@cto/evidence-interface";
import { beforeAll, describe, expect, it } from "vitest";
import { openPackets, signDecision } from "../__fixtures__/approver-kit.ts";
import { answer, approvalFolder, ask, createAskedPlace } from "../__fixtures__/asked-place.ts";
import { copyPlace, type Place } from "../__fixtures__/ladder-kit.ts";
import { codesOf, createFolder, messageOf, runKit } from "../__fixtures__/run-kit.ts";

let asked: Place;
beforeAll(async () => {
  asked = await createAskedPlace();
});

describe("somebody who may write in .cto", () => {
  it("cannot spend an approval twice by taking its claim away: the bundle still holds it", async () => {
    const place = await answer(asked);
    const first = await ask(place);
    expect(codesOf(first)).toEqual([]);
    rmSync(join(approvalFolder(place, place.packet), "claim.json"));
    const again = await ask(place);
    expect(codesOf(again)).toEqual(["approval_consumed"]);
    expect(messageOf(again)).toContain(first.outcome.runId);
  });

  it("cannot get past a denial with a packet of a later attempt", async () => {
    const place = await answer(asked, { decision: "denied" });
    const [row] = place.store.approvals.list();
    if (row?.kind !== "readable") throw new Error("there is no packet");
    const later = place.store.approvals.writePacket({ ...row.packet, attempt: 2 });
    await place.store.approvals.writeDecision(later, signDecision(place.approver, later));
    expect(codesOf(await ask(place))).toEqual(["approval_denied"]);
  });

  it("cannot make a run start from what cannot be read: a link in the place of the approvals", async () => {
    const place = copyPlace(asked);
    const folder = join(place.store.root, "approvals");
    const swap = () => {
      rmSync(folder, { recursive: true });
      symlinkSync(createFolder(), folder);
    };
    const run = await ask(place, { onProgress: ({ step }) => (step === "contract" ? swap() : undefined) });
    // Whoever reads the store first finds it: here the digest of the engine.
    expect(codesOf(run)).toEqual(["provider_config_missing"]);
    expect(messageOf(run)).toContain(".cto/approvals is not a directory");
    expect(run.report.process_started).toBe(false);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  });

  it("cannot make a bundle contradict itself by keeping the packet from being written", async () => {
    const place = copyPlace(asked);
    const [packet = ""] = openPackets(place.store);
    const folder = approvalFolder(place, packet);
    rmSync(folder, { recursive: true });
    // A file where the folder has to be made: the disk refuses.
    writeFileSync(folder, "");
    const run = await ask(place);
    expect(codesOf(run)).toContain("approval_missing");
    expect(run.verified.verdict).toBe("unsigned");
    expect(run.verified.findings.map(({ code }) => code)).toEqual(["ATTESTATION_MISSING"]);
  });
});

describe("an approval at stage 2, where there is no repository", () => {
  const task = { stage: 2, approval: { required: true } };
  it("is for this fixture and this script of the engine", async () => {
    const place = copyPlace(asked);
    const { store } = place;
    const fixture = { "a.txt": "old\n" };
    expect(codesOf(await runKit({ store, task, fixture }))).toEqual(["approval_missing"]);
    const packet = openPackets(store).find((one) => !openPackets(asked.store).includes(one)) ?? "";
    await store.approvals.writeDecision(packet, signDecision(place.approver, packet));
    const other = await runKit({ store, task, fixture: { ...fixture, "b.test": "skip\n" } });
    expect(codesOf(other)).toEqual(["approval_mismatch"]);
    expect(messageOf(other)).toContain("the base tree was");
    const steps = [{ write: { path: "a.txt", text: "new and more\n" } }];
    const scripted = await runKit({ store, task, fixture, steps });
    expect(codesOf(scripted)).toEqual(["approval_mismatch"]);
    expect(messageOf(scripted)).toContain("the engine's input was");
    const granted = await runKit({ store, task, fixture });
    expect([codesOf(granted), granted.verified.verdict]).toEqual([[], "unsigned"]);
  });

  it("is not asked for a fixture that cannot be copied", async () => {
    const place = copyPlace(asked);
    const before = place.store.approvals.list().length;
    const run = await runKit({ store: place.store, task, fixture: { "sub/.git/config": "[core]\n" } });
    expect(run.outcome.status).toBe("blocked");
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(place.store.approvals.list()).toHaveLength(before);
    expect(run.verified.verdict).toBe("unsigned");
  });
});

it("a decision that is written in other bytes counts for nothing", async () => {
  const place = copyPlace(asked);
  const [packet = ""] = openPackets(place.store);
  const file = join(approvalFolder(place, packet), "decision.json");
  mkdirSync(approvalFolder(place, packet), { recursive: true });
  writeFileSync(file, JSON.stringify(signDecision(place.approver, packet), null, 2));
  expect(messageOf(await ask(place))).toContain("is not stored in the bytes that `cto approve` writes");
  writeFileSync(file, `${toCanonicalJson(signDecision(place.approver, packet))}\n`);
  expect([codesOf(await ask(place)), existsSync(file)]).toEqual([[], true]);
});
