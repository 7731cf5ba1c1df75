import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecords } from "../index.ts";
import { createHome, DECISION, EXEMPTION, NOW } from "./__fixtures__/home-kit.ts";

const folder = "cto/admissions";
const decision = JSON.stringify(DECISION);

/** The problems of a home that has one good record and something hostile in place of, or beside it. */
function problemsOf(spoil: (home: string) => void): readonly string[] {
  const home = createHome({ [`${folder}/good.json`]: decision });
  spoil(home);
  return readRecords(home, NOW).problems.map(({ file, message }) => `${file} ${message}`);
}

describe("readRecords", () => {
  it("finds nothing, and no problem, where there is no cto folder or no admissions folder", () => {
    expect(readRecords(createHome(), NOW)).toEqual({ records: [], problems: [] });
    expect(readRecords(createHome({ "cto/config.yaml": "" }), NOW)).toEqual({ records: [], problems: [] });
  });

  it("reads every .json by name with the digest of its bytes, and nothing else", () => {
    const home = createHome({
      [`${folder}/b.json`]: `${decision}\n`,
      [`${folder}/a.json`]: JSON.stringify(EXEMPTION, null, 2),
      [`${folder}/README.md`]: "about the records",
      [`${folder}/old.json.bak`]: "not a record",
      [`${folder}/deep/c.json`]: "not a record",
    });
    const sha256 = createHash("sha256").update(`${decision}\n`).digest("hex");
    const { problems, records } = readRecords(home, NOW);
    expect(problems).toEqual([]);
    expect(records.map(({ file }) => file)).toEqual([`${folder}/a.json`, `${folder}/b.json`]);
    expect(records[1]).toEqual({ file: `${folder}/b.json`, sha256, record: DECISION });
  });

  it("names all problems of all files and still reads the others", () => {
    const home = createHome({
      [`${folder}/a.json`]: decision,
      [`${folder}/b.json`]: JSON.stringify({ ...EXEMPTION, stage: 9, extra: 1 }),
      [`${folder}/c.json`]: "{",
    });
    const { problems, records } = readRecords(home, NOW);
    expect(records.map(({ file }) => file)).toEqual([`${folder}/a.json`]);
    expect(problems.map(({ file, path }) => [file, path])).toEqual([
      [`${folder}/b.json`, "stage"],
      [`${folder}/b.json`, "extra"],
      [`${folder}/c.json`, ""],
    ]);
  });

  it("refuses what is dated after the present, by its own clock unless told", () => {
    const early = new Date("2026-04-30T00:00:00.000Z");
    const home = createHome({ [`${folder}/a.json`]: decision });
    expect(readRecords(home, early).problems[0]).toMatchObject({ path: "approval_timestamp" });
    const future = { ...DECISION, approval_timestamp: "9000-01-01T00:00:00.000Z" };
    expect(readRecords(createHome({ [`${folder}/a.json`]: JSON.stringify(future) })).problems).toHaveLength(1);
  });

  it.each<[string, (home: string) => void, readonly string[]]>([
    [
      "a record that is a link to a good one",
      (home) => symlinkSync(join(home, folder, "good.json"), join(home, folder, "link.json")),
      [`${folder}/link.json is a symbolic link, expected a plain file`],
    ],
    [
      "a link that leads nowhere",
      (home) => symlinkSync("nowhere", join(home, folder, "link.json")),
      [`${folder}/link.json is a symbolic link, expected a plain file`],
    ],
    [
      "a folder named like a record",
      (home) => mkdirSync(join(home, folder, "dir.json")),
      [`${folder}/dir.json is a directory, expected a plain file`],
    ],
    [
      "a named pipe that nobody writes to",
      (home) => execFileSync("mkfifo", [join(home, folder, "pipe.json")]),
      [`${folder}/pipe.json is no regular file, expected a plain file`],
    ],
    [
      "a file of more than 1 MiB",
      (home) => writeFileSync(join(home, folder, "big.json"), " ".repeat(1024 * 1024 + 1)),
      [`${folder}/big.json is larger than 1048576 bytes, expected a plain file`],
    ],
    [
      "an admissions folder that is a link",
      (home) => {
        renameSync(join(home, folder), join(home, "elsewhere"));
        symlinkSync(join(home, "elsewhere"), join(home, folder));
      },
      [`${folder} is a symbolic link, expected a folder`],
    ],
    [
      "a cto folder that is a link",
      (home) => {
        renameSync(join(home, "cto"), join(home, "elsewhere"));
        symlinkSync("elsewhere", join(home, "cto"));
      },
      ["cto is a symbolic link, expected a folder"],
    ],
    [
      "an admissions folder that is a file",
      (home) => {
        rmSync(join(home, folder), { recursive: true });
        writeFileSync(join(home, folder), decision);
      },
      [`${folder} is no folder`],
    ],
    [
      "a name that moves the cursor",
      (home) => writeFileSync(join(home, folder, "\u001b[2Jx\n.json"), "{"),
      [`${folder}/\ufffd[2Jx .json line 1, column 2: expected a key in double quotes`],
    ],
  ])("makes a problem of %s", (_, spoil, problems) => {
    expect(problemsOf(spoil)).toEqual(problems);
  });

  it("makes a problem of a socket", async () => {
    const home = createHome({ [`${folder}/good.json`]: decision });
    const inside = mkdtempSync(join(home, "s-"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(inside, "s"), resolve));
    try {
      renameSync(join(inside, "s"), join(home, folder, "s.json"));
      expect(readRecords(home, NOW).problems.map(({ message }) => message)).toEqual([
        "is no regular file, expected a plain file",
      ]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
