import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli, startCli } from "./__fixtures__/cli-kit.ts";

const codeOf = ({ stdout }: { readonly stdout: string }): unknown => JSON.parse(stdout).code;

describe("cto keys init", () => {
  it("makes a key, says what to do with it, and makes no second one of that name", async () => {
    const home = createHome();
    const made = await runCli(home, "keys", "init", "alice");
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toContain("cto keys show alice");
    expect(statSync(join(home, ".cto/keys/alice.pem")).mode & 0o777).toBe(0o600);
    expect(existsSync(join(home, "cto"))).toBe(false);
    const again = await runCli(home, "keys", "init", "alice", "--json");
    expect([again.code, codeOf(again)]).toEqual([2, "KEY_EXISTS"]);
    const unnamed = await runCli(home, "keys", "init", "--json");
    const document = JSON.parse(unnamed.stdout);
    expect(document).toEqual({
      schema: "cto.key-created.v1",
      file: ".cto/keys/default.pem",
      public_key: { keyid: expect.stringMatching(/^[0-9a-f]{64}$/), name: "default", public_key: expect.any(String) },
      roles: [],
    });
  });

  it("enters the key as trusted only if that is asked for, and says what that means", async () => {
    const home = createHome();
    const made = await runCli(home, "keys", "init", "alice", "--trust", "harness", "--trust", "approver");
    expect(made.stdout).toContain("you trust yourself");
    const { items } = JSON.parse((await runCli(home, "keys", "list", "--json")).stdout);
    expect(items).toMatchObject([{ name: "alice", private: true, roles: ["harness", "approver"], problem: null }]);
  });

  it("makes nothing if the role is none, or the list of trusted keys cannot be read", async () => {
    const home = createHome();
    const wrong = await runCli(home, "keys", "init", "--trust", "owner", "--json");
    expect([wrong.code, codeOf(wrong)]).toEqual([2, "CLI_USAGE"]);
    mkdirSync(join(home, "cto/keys"), { recursive: true });
    writeFileSync(join(home, "cto/keys/trusted.json"), "{}");
    const broken = await runCli(home, "keys", "init", "--trust", "approver", "--json");
    expect([broken.code, codeOf(broken)]).toEqual([2, "TRUSTED_KEYS_INVALID"]);
    expect(existsSync(join(home, ".cto"))).toBe(false);
  });
});

describe("cto keys show, trust, list and revoke", () => {
  it("carry a public key from one home into another and out again", async () => {
    const [owner, approver] = [createHome(), createHome()];
    await runCli(approver, "keys", "init", "alice");
    const shown = await runCli(approver, "keys", "show", "alice");
    expect(shown.stdout).toBe((await runCli(approver, "keys", "show", "./.cto/keys/alice.pem", "--json")).stdout);
    writeFileSync(join(owner, "alice.json"), shown.stdout);
    const trusted = await runCli(owner, "keys", "trust", "alice.json", "--role", "approver", "--json");
    const { schema, ...key } = JSON.parse(shown.stdout);
    const entry = { ...key, roles: ["approver"], added_at: expect.any(String) };
    expect([schema, JSON.parse(trusted.stdout)]).toEqual([
      "cto.public-key.v1",
      { schema: "cto.key-trusted.v1", key: entry },
    ]);
    const listed = JSON.parse((await runCli(owner, "keys", "list", "--json")).stdout);
    expect(listed).toEqual({ schema: "cto.keys.v1", items: [{ ...entry, private: false, problem: null }] });
    expect(existsSync(join(owner, ".cto/keys"))).toBe(false);

    const unknown = await runCli(owner, "keys", "revoke", "bob", "--json");
    expect([unknown.code, codeOf(unknown)]).toEqual([2, "KEY_NOT_TRUSTED"]);
    const revoked = await runCli(owner, "keys", "revoke", key.keyid.slice(0, 8), "--json");
    expect(JSON.parse(revoked.stdout)).toEqual({ schema: "cto.key-revoked.v1", key: entry });
    expect((await runCli(owner, "keys", "list")).stdout).toContain("no keys yet");
  });

  it("take a key from standard input, and ask which one is meant by a name that two keys have", async () => {
    const homes = [createHome(), createHome(), createHome()] as const;
    for (const home of homes.slice(1)) {
      await runCli(home, "keys", "init", "alice");
      writeFileSync(join(homes[0], "alice.json"), (await runCli(home, "keys", "show", "alice")).stdout);
      const command = ["sh", "-c", 'exec "$0" "$@" < alice.json'];
      expect((await startCli(homes[0], ["keys", "trust", "-", "--role", "approver"], { command }).result).code).toBe(0);
    }
    const revoked = await runCli(homes[0], "keys", "revoke", "alice", "--json");
    expect([revoked.code, codeOf(revoked)]).toEqual([2, "CLI_USAGE"]);
    expect(JSON.parse(readFileSync(join(homes[0], "cto/keys/trusted.json"), "utf8")).keys).toHaveLength(2);
  });

  it("refuse what is no public key, and print nothing of a private one", async () => {
    const home = createHome();
    await runCli(home, "keys", "init", "alice");
    const secret = readFileSync(join(home, ".cto/keys/alice.pem"), "utf8").split("\n")[1] ?? "";
    expect(spawnSync("mkfifo", [join(home, "pipe")]).status).toBe(0);
    writeFileSync(join(home, "wrong.json"), '{"keyid":"x"}');
    for (const [file, code] of [
      [".cto/keys/alice.pem", "KEY_PUBLIC_INVALID"],
      ["wrong.json", "KEY_PUBLIC_INVALID"],
      ["missing.json", "CLI_FILE_UNREADABLE"],
      [".", "CLI_FILE_UNREADABLE"],
      ["pipe", "CLI_FILE_UNREADABLE"],
    ] as const) {
      const result = await runCli(home, "keys", "trust", file, "--role", "approver", "--json");
      expect([result.code, codeOf(result)]).toEqual([2, code]);
      expect(`${result.stdout}${result.stderr}`).not.toContain(secret.slice(4, 40));
    }
    const roleless = await runCli(home, "keys", "trust", "wrong.json", "--json");
    expect([roleless.code, codeOf(roleless)]).toEqual([2, "CLI_USAGE"]);
    expect(readdirSync(home).sort()).toEqual([".cto", ".git", "pipe", "wrong.json"]);
  });

  it("list a key that cannot be used with the reason", async () => {
    const home = createHome();
    await runCli(home, "keys", "init", "alice");
    writeFileSync(join(home, ".cto/keys/broken.pem"), "", { mode: 0o644 });
    const { items } = JSON.parse((await runCli(home, "keys", "list", "--json")).stdout);
    expect(items).toMatchObject([
      { name: "alice", problem: null },
      { name: "broken", keyid: null, problem: { code: "KEY_READABLE_BY_OTHERS" } },
    ]);
    const shown = await runCli(home, "keys", "show", "broken", "--json");
    expect([shown.code, codeOf(shown)]).toEqual([2, "KEY_READABLE_BY_OTHERS"]);
  });
});
