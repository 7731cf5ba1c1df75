import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readTrustedKeys, revokeKey, trustKey } from "../index.ts";
import { createTemporaryStore } from "../test/sample-run.ts";

const coded = (code: string, part = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(part), hint: expect.stringMatching(/\S/) });
const none = { schema: "cto.trusted-keys.v1", keys: [] };
const now = new Date("2026-11-20T06:00:00.000Z");

describe("the trusted keys of a home", () => {
  it("are none where there is no file, and reading writes nothing", async () => {
    await using place = createTemporaryStore();
    expect(readTrustedKeys(place.home)).toEqual(none);
    fs.mkdirSync(path.join(place.home, "cto"));
    expect(readTrustedKeys(place.home)).toEqual(none);
    fs.rmdirSync(path.join(place.home, "cto"));
    fs.writeFileSync(path.join(place.home, "cto"), "a program of that name");
    expect(readTrustedKeys(place.home)).toEqual(none);
    expect(fs.readdirSync(place.home)).toEqual(["cto"]);
  });

  it("are entered with roles, get further ones, and are taken out", async () => {
    await using place = createTemporaryStore();
    const [alice, bob] = [place.store.keys.createKey({ name: "alice" }), place.store.keys.createKey({ name: "bob" })];
    const entry = { ...alice, roles: ["approver"], added_at: now.toISOString() };
    expect(await trustKey(place.home, alice, ["approver", "approver"], { now })).toEqual(entry);
    await trustKey(place.home, bob, ["harness"], { now });
    const later = new Date("2027-01-01T00:00:00.000Z");
    const both = { ...entry, roles: ["harness", "approver"] };
    expect(await trustKey(place.home, { ...alice, name: "mallory" }, ["harness"], { now: later })).toEqual(both);
    const file = path.join(place.home, "cto/keys/trusted.json");
    const document = { ...none, keys: [both, { ...bob, roles: ["harness"], added_at: now.toISOString() }] };
    expect(fs.readFileSync(file, "utf8")).toBe(`${JSON.stringify(document, null, 2)}\n`);
    expect(readTrustedKeys(place.home)).toEqual(document);
    expect(fs.statSync(file).mode & 0o777).toBe(0o644);
    expect(await revokeKey(place.home, alice.keyid)).toEqual(both);
    await expect(revokeKey(place.home, alice.keyid)).rejects.toEqual(coded("KEY_NOT_TRUSTED", alice.keyid));
    expect(readTrustedKeys(place.home).keys.map(({ name }) => name)).toEqual(["bob"]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(["trusted.json"]);
  });

  it("keep every change of people who work at once", async () => {
    await using place = createTemporaryStore();
    const keys = Array.from({ length: 10 }, (_, index) => place.store.keys.createKey({ name: `k${index}` }));
    for (const key of keys.slice(0, 1)) await trustKey(place.home, key, ["approver"]);
    await Promise.all([
      revokeKey(place.home, keys[0]?.keyid ?? ""),
      ...keys.slice(1).map((key) => trustKey(place.home, key, ["approver"])),
    ]);
    expect(
      readTrustedKeys(place.home)
        .keys.map(({ name }) => name)
        .sort(),
    ).toEqual(keys.slice(1).map(({ name }) => name));
  });

  it("do not take a key whose id is another's", async () => {
    await using place = createTemporaryStore();
    const [alice, bob] = [place.store.keys.createKey({ name: "alice" }), place.store.keys.createKey({ name: "bob" })];
    await expect(trustKey(place.home, { ...alice, keyid: bob.keyid }, ["approver"])).rejects.toEqual(
      coded("KEY_PUBLIC_INVALID"),
    );
    expect(readTrustedKeys(place.home)).toEqual(none);
  });
});

describe("a list of trusted keys that cannot be relied on", () => {
  const list = (keys: readonly unknown[]): string => JSON.stringify({ ...none, keys });

  it("is an error with what is wrong, never an empty list", async () => {
    await using place = createTemporaryStore();
    const file = path.join(place.home, "cto/keys/trusted.json");
    const alice = await trustKey(place.home, place.store.keys.createKey({ name: "alice" }), ["approver"]);
    const bob = place.store.keys.createKey({ name: "bob" });
    const wrong: readonly (readonly [text: string, part: string])[] = [
      ["", "line 1"],
      ["{", "line 1"],
      ["[]", ""],
      [JSON.stringify({ ...none, schema: "cto.trusted-keys.v2" }), "schema"],
      [JSON.stringify({ ...none, extra: 1 }), "extra"],
      [list([{ ...alice, roles: [] }]), "roles"],
      [list([{ ...alice, roles: ["owner"] }]), "roles"],
      [list([{ ...alice, extra: 1 }]), "extra"],
      [list([{ ...alice, added_at: "yesterday" }]), "added_at"],
      [list([{ ...alice, keyid: bob.keyid }]), "keys.0"],
      [list([{ ...alice, public_key: "AAAA" }]), "keys.0"],
      [list([alice, alice]), "twice"],
      [list([alice]).replace('"keys":', '"keys":[],"keys":'), "line 1"],
    ];
    for (const [text, part] of wrong) {
      fs.writeFileSync(file, text);
      const refused = coded("TRUSTED_KEYS_INVALID", part);
      expect(() => readTrustedKeys(place.home), text).toThrow(refused);
      await expect(trustKey(place.home, bob, ["approver"])).rejects.toEqual(refused);
      await expect(revokeKey(place.home, alice.keyid)).rejects.toEqual(refused);
      expect(fs.readFileSync(file, "utf8")).toBe(text);
    }
  });

  const file = "cto/keys/trusted.json";
  it.each<readonly [string, (home: string) => void]>([
    ["a link in place of the file", (home) => link(home, file)],
    ["a link in place of cto/keys", (home) => link(home, "cto/keys")],
    ["a link in place of cto", (home) => link(home, "cto")],
    [
      "a dangling link",
      (home) => {
        fs.rmSync(path.join(home, file));
        fs.symlinkSync("nowhere", path.join(home, file));
      },
    ],
    [
      "a directory in place of the file",
      (home) => {
        fs.rmSync(path.join(home, file));
        fs.mkdirSync(path.join(home, file));
      },
    ],
    [
      "a file in place of cto/keys",
      (home) => {
        fs.rmSync(path.join(home, "cto/keys"), { recursive: true });
        fs.writeFileSync(path.join(home, "cto/keys"), "");
      },
    ],
    [
      "a pipe",
      (home) => {
        fs.rmSync(path.join(home, file));
        expect(spawnSync("mkfifo", [path.join(home, file)]).status).toBe(0);
      },
    ],
    ["a gigabyte", (home) => fs.truncateSync(path.join(home, file), 1024 ** 3)],
    ["a file that everybody may write", (home) => fs.chmodSync(path.join(home, file), 0o666)],
    ["a folder that everybody may write", (home) => fs.chmodSync(path.join(home, "cto/keys"), 0o777)],
  ])("is refused for %s", async (_, spoil) => {
    await using place = createTemporaryStore();
    const alice = await trustKey(place.home, place.store.keys.createKey({ name: "alice" }), ["approver"]);
    spoil(place.home);
    const refused = coded("TRUSTED_KEYS_UNREADABLE", "cto/keys/trusted.json cannot be read");
    expect(() => readTrustedKeys(place.home)).toThrow(refused);
    await expect(trustKey(place.home, alice, ["harness"])).rejects.toEqual(refused);
  });
});

function link(home: string, name: string): void {
  fs.renameSync(path.join(home, name), path.join(home, "moved"));
  fs.symlinkSync(path.join(home, "moved"), path.join(home, name));
}
