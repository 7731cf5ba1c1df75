import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { sampleClaim, samplePacket } from "../test/sample-approval.ts";
import { createTemporaryStore } from "../test/sample-run.ts";

const coded = (code: string, part = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(part), hint: expect.stringMatching(/\S/) });

const anyEnvelope = { payloadType: "x", payload: "", signatures: [{ keyid: "0".repeat(64), sig: "" }] };

describe("hostile things in the folder of an approval", () => {
  const plants: readonly (readonly [string, (file: string, home: string) => void])[] = [
    [
      "a link",
      (file, home) => {
        fs.writeFileSync(path.join(home, "elsewhere"), "{}");
        fs.symlinkSync(path.join(home, "elsewhere"), file);
      },
    ],
    ["a dangling link", (file) => fs.symlinkSync("/nonexistent/x", file)],
    ["a link to itself", (file) => fs.symlinkSync(path.basename(file), file)],
    ["a directory", (file) => fs.mkdirSync(file)],
    ["a pipe", (file) => makePipe(file)],
    [
      "a file of a gigabyte",
      (file) => {
        fs.writeFileSync(file, "");
        fs.truncateSync(file, 1024 ** 3);
      },
    ],
  ];
  const cases = plants.flatMap(([what, plant]) =>
    ["packet.json", "decision.json", "claim.json"].map((name) => [what, name, plant] as const),
  );

  it.each(cases)("%s in place of %s is refused at once and left alone", async (_, name, plant) => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const file = path.join(root, "approvals", digest, name);
    fs.rmSync(file, { force: true });
    plant(file, place.home);
    const before = identityOf(file);
    const refused = coded("APPROVAL_FILE_UNSAFE", name);
    expect(() => approvals.read(digest)).toThrow(refused);
    expect(() => approvals.claim(digest, sampleClaim(digest, "run-1"))).toThrow(refused);
    expect(() => approvals.writePacket(samplePacket())).toThrow(refused);
    await expect(approvals.writeDecision(digest, anyEnvelope, { isReplaceable: () => true })).rejects.toEqual(refused);
    expect(approvals.list()).toEqual([{ kind: "broken", sha256: digest, problem: refused }]);
    expect(identityOf(file)).toEqual(before);
  });

  it("a link, a file or an open folder in place of the folder is refused", async () => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const folder = path.join(root, "approvals", digest);
    fs.renameSync(folder, path.join(place.home, "moved"));
    for (const plant of [
      () => fs.symlinkSync(path.join(place.home, "moved"), folder),
      () => fs.writeFileSync(folder, ""),
      () => {
        fs.cpSync(path.join(place.home, "moved"), folder, { recursive: true });
        fs.chmodSync(folder, 0o777);
      },
    ]) {
      plant();
      const refused = coded("STORE_HOME_UNSAFE", digest);
      expect(() => approvals.read(digest)).toThrow(refused);
      expect(() => approvals.claim(digest, sampleClaim(digest, "run-1"))).toThrow(refused);
      await expect(approvals.writeDecision(digest, anyEnvelope)).rejects.toEqual(refused);
      expect(approvals.list()).toEqual([{ kind: "broken", sha256: digest, problem: refused }]);
      fs.rmSync(folder, { recursive: true });
    }
    expect(fs.readdirSync(path.join(place.home, "moved"))).toEqual(["packet.json"]);
  });
});

function identityOf(file: string): unknown {
  const { ctimeNs, ino, mode, nlink, size } = fs.lstatSync(file, { bigint: true });
  return { ctimeNs, ino, mode, nlink, size };
}

function makePipe(file: string): void {
  const { status } = spawnSync("mkfifo", [file]);
  expect(status).toBe(0);
}
