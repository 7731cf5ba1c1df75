import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AdmissionRecord } from "@cto/gates";
import { describe, expect, it } from "vitest";
import { readRecords, writeRecord } from "../index.ts";
import { createHome, DECISION, EXEMPTION, NOW } from "./__fixtures__/home-kit.ts";

const folder = "cto/admissions";
const write = (home: string, record: AdmissionRecord, replace = false) =>
  writeRecord({ home, record, replace, now: NOW });
const refusal = (code: string) => expect.objectContaining({ code });

describe("writeRecord", () => {
  it("makes the folders and writes indented JSON with an LF at its end, which can be read back", () => {
    const home = createHome();
    expect(write(home, EXEMPTION)).toBe(`${folder}/exemption-codex-3-timeout.json`);
    const path = join(home, folder, "exemption-codex-3-timeout.json");
    expect(readFileSync(path, "utf8")).toBe(`${JSON.stringify(EXEMPTION, null, 2)}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(readdirSync(join(home, folder))).toEqual(["exemption-codex-3-timeout.json"]);
    expect(readRecords(home, NOW)).toMatchObject({ records: [{ record: EXEMPTION }], problems: [] });
  });

  it("overwrites nothing unasked", () => {
    const home = createHome();
    write(home, DECISION);
    const other: AdmissionRecord = { ...DECISION, reason: "another" } as AdmissionRecord;
    expect(() => write(home, other)).toThrow(refusal("RECORD_EXISTS"));
    expect(readRecords(home, NOW).records[0]?.record).toEqual(DECISION);
    write(home, other, true);
    expect(readRecords(home, NOW).records.map(({ record }) => record)).toEqual([other]);
  });

  it("replaces a record of the same subject in its own file, and never adds a second one", () => {
    const home = createHome({ [`${folder}/ours.json`]: JSON.stringify(DECISION) });
    expect(() => write(home, DECISION)).toThrow(refusal("RECORD_EXISTS"));
    expect(write(home, DECISION, true)).toBe(`${folder}/ours.json`);
    expect(readdirSync(join(home, folder))).toEqual(["ours.json"]);
  });

  it("does not choose between two records of the same subject", () => {
    const text = JSON.stringify(DECISION);
    const home = createHome({ [`${folder}/a.json`]: text, [`${folder}/b.json`]: text });
    expect(() => write(home, DECISION, true)).toThrow(refusal("RECORD_AMBIGUOUS"));
  });

  it("does not replace a file of that name that cannot be read, unless told to", () => {
    const home = createHome({ [`${folder}/provider-decision.json`]: "{" });
    expect(() => write(home, DECISION)).toThrow(refusal("RECORD_EXISTS"));
    write(home, DECISION, true);
    expect(readRecords(home, NOW)).toMatchObject({ records: [{ record: DECISION }], problems: [] });
  });

  it("writes nothing that could not be read back", () => {
    const home = createHome();
    const secret = { ...DECISION, reason: `use ghp_${"a".repeat(36)}` } as AdmissionRecord;
    expect(() => write(home, secret)).toThrow(refusal("ADMISSION_SECRET"));
    const future = { ...DECISION, approval_timestamp: "2027-01-01T00:00:00.000Z" } as AdmissionRecord;
    expect(() => write(home, future)).toThrow(refusal("ADMISSION_INVALID"));
    expect(readdirSync(home)).toEqual([]);
  });

  it.each<[string, (home: string, outside: string) => void]>([
    ["a cto folder that is a link", (home, outside) => symlinkSync(outside, join(home, "cto"))],
    [
      "an admissions folder that is a link",
      (home, outside) => {
        mkdirSync(join(home, "cto"));
        symlinkSync(outside, join(home, folder));
      },
    ],
    ["a file in place of the folder", (home) => writeFileSync(join(home, "cto"), "")],
  ])("refuses %s and writes nothing through it", (_, spoil) => {
    const [home, outside] = [createHome(), createHome()];
    spoil(home, outside);
    expect(() => write(home, DECISION, true)).toThrow(refusal("RECORD_UNWRITABLE"));
    expect(readdirSync(outside)).toEqual([]);
  });

  it("replaces a link itself, not the file that it leads to", () => {
    const home = createHome({ "secret.json": "untouched" });
    mkdirSync(join(home, folder), { recursive: true });
    symlinkSync("../../secret.json", join(home, folder, "provider-decision.json"));
    expect(() => write(home, DECISION)).toThrow(refusal("RECORD_EXISTS"));
    write(home, DECISION, true);
    expect(readFileSync(join(home, "secret.json"), "utf8")).toBe("untouched");
    expect(readRecords(home, NOW).problems).toEqual([]);
  });

  it("leaves nothing half done where the file cannot be put", () => {
    const home = createHome();
    mkdirSync(join(home, folder, "provider-decision.json", "x"), { recursive: true });
    expect(() => write(home, DECISION, true)).toThrow(refusal("RECORD_UNWRITABLE"));
    rmSync(join(home, folder, "provider-decision.json"), { recursive: true });
    expect(readdirSync(join(home, folder))).toEqual([]);
  });
});
