import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore, readTrustedKeys, verifyEd25519 } from "@cto/bundle-store";
import { type ApprovalPacket, SCHEMAS } from "@cto/evidence-interface";
import { type OpenedDecision, openDecision } from "@cto/gates";
import { describe, expect, it } from "vitest";
import { type CliResult, createHome, runCli, runOnTerminal } from "./__fixtures__/cli-kit.ts";

const longPath = `src/${"deep/".repeat(60)}file.ts`;

const packet: ApprovalPacket = {
  schema: SCHEMAS.approvalPacket,
  task_id: "slugify",
  task_digest: "1".repeat(64),
  title: "Slugify keeps digits",
  stage: 4,
  target: { target_id: "2".repeat(64), name: null },
  base_commit: "3".repeat(40),
  base_tree: "6".repeat(40),
  policy_digest: "4".repeat(64),
  engine: { id: "fake", version: "0.0.0", executable_sha256: "5".repeat(64), input_sha256: "7".repeat(64) },
  model: null,
  success_criteria: ["\u001b[2Jthe tests pass"],
  allowed_paths: ["src/", longPath],
  forbidden_paths: ["src/secret/"],
  forbidden_actions: ["push"],
  validation_commands: [["npm", "test", "a b"]],
  rollback: "git revert",
  expires_minutes: 60,
  attempt: 1,
  sentence: "Let fake change src/, once.",
};

/** A home with a packet that waits for a person. */
function createAsking(content: ApprovalPacket = packet) {
  const home = createHome();
  const { approvals } = openStore({ home });
  const sha256 = approvals.writePacket(content);
  return { home, sha256, folder: join(home, ".cto/approvals", sha256) };
}

/** What the decision is worth in a home; null without one. */
function judge({ home, sha256 }: { readonly home: string; readonly sha256: string }): OpenedDecision | null {
  const bytes = openStore({ home }).approvals.read(sha256)?.decision?.bytes;
  if (bytes === undefined) return null;
  const trusted = readTrustedKeys(home).keys;
  return openDecision({ bytes, packetSha256: sha256, trusted, verifySignature: verifyEd25519, now: new Date() });
}

const codeOf = ({ code, stdout }: CliResult): unknown => [code, JSON.parse(stdout).code];

/** Trusts a key of one home in another. */
async function trust(home: string, other: string, name: string, role: string): Promise<void> {
  writeFileSync(join(home, `${name}.json`), (await runCli(other, "keys", "show", name)).stdout);
  expect((await runCli(home, "keys", "trust", `${name}.json`, "--role", role)).code).toBe(0);
}

describe("cto approve", () => {
  it("signs somebody else's packet with a key from another home; it counts once that home trusts the key", async () => {
    const asking = createAsking();
    const approver = createHome();
    await runCli(approver, "keys", "init", "alice");
    const early = await runCli(approver, "approve", asking.folder, "--yes", "--json");
    expect(early.code).toBe(0);
    const answer = JSON.parse(early.stdout);
    expect(answer).toEqual({
      schema: "cto.approval-result.v1",
      packet_sha256: asking.sha256,
      decision: "granted",
      keyid: expect.stringMatching(/^[0-9a-f]{64}$/),
      decided_at: expect.any(String),
      expires_at: new Date(Date.parse(answer.decided_at) + 3_600_000).toISOString(),
      trusted: false,
      file: join(asking.folder, "decision.json"),
    });
    expect(early.stderr).toContain("cto keys trust FILE --role approver");
    expect(judge(asking)).toEqual({ kind: "invalid", reason: "its key is not in cto/keys/trusted.json" });

    await trust(asking.home, approver, "alice", "approver");
    expect(judge(asking)).toMatchObject({
      kind: "valid",
      decision: { decision: "granted", narrowing: null, reason: null },
    });
    expect(existsSync(join(asking.home, ".cto/keys"))).toBe(false);

    const again = await runCli(approver, "deny", join(asking.folder, "packet.json"), "--yes", "--json");
    expect(codeOf(again)).toEqual([2, "CLI_PACKET_DECIDED"]);
    await runCli(asking.home, "keys", "revoke", "alice");
    expect(judge(asking)).toMatchObject({ kind: "invalid" });
  });

  it("shows the sentence first, then everything that is consented to, whole and without control characters", async () => {
    const asking = createAsking();
    await runCli(asking.home, "keys", "init", "alice", "--trust", "approver");
    const { code, stdout } = await runCli(asking.home, "approve", asking.sha256.slice(0, 8), "--yes");
    expect([code, stdout.split("\n")[0]]).toEqual([0, packet.sentence]);
    const shown = [
      packet.title,
      longPath,
      "src/secret/",
      "push",
      "the tests pass",
      'npm test "a b"',
      "git revert",
      "60 minutes",
    ];
    for (const text of [...shown, packet.base_commit ?? "", packet.policy_digest, packet.engine.executable_sha256])
      expect(stdout).toContain(text);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("run the same task again");
    expect(judge(asking)).toMatchObject({ kind: "valid" });
  });

  it("replaces a decision that counts for nothing: an unknown key, a key with the wrong role, another packet's, garbage", async () => {
    const asking = createAsking();
    const other = createAsking({ ...packet, attempt: 2 });
    const stranger = createHome();
    await runCli(stranger, "keys", "init", "mallory");
    await runCli(stranger, "keys", "init", "machine");
    await trust(asking.home, stranger, "machine", "harness");
    await runCli(asking.home, "keys", "init", "alice", "--trust", "approver");
    await runCli(other.home, "keys", "init", "bob");
    await trust(asking.home, other.home, "bob", "approver");
    await runCli(other.home, "approve", other.sha256, "--yes");

    const file = join(asking.folder, "decision.json");
    const plants: readonly (readonly [kind: string, plant: () => unknown])[] = [
      ["invalid", () => writeFileSync(file, "yes")],
      ["invalid", () => runCli(stranger, "deny", asking.folder, "--key", "mallory", "--yes")],
      ["invalid", () => runCli(stranger, "deny", asking.folder, "--key", "machine", "--yes")],
      ["foreign", () => cpSync(join(other.folder, "decision.json"), file)],
    ];
    for (const [kind, plant] of plants) {
      await plant();
      expect(judge(asking)).toMatchObject({ kind });
    }
    const { code, stdout } = await runCli(asking.home, "approve", asking.sha256, "--yes");
    expect([code, stdout]).toEqual([0, expect.stringContaining("yours takes its place")]);
    expect(judge(asking)).toMatchObject({ kind: "valid", decision: { approver: { name: "alice" } } });
  });

  it("asks for --yes where nobody can be asked, and writes nothing", async () => {
    const asking = createAsking();
    await runCli(asking.home, "keys", "init", "alice", "--trust", "approver");
    expect(codeOf(await runCli(asking.home, "approve", asking.sha256, "--json"))).toEqual([2, "CLI_USAGE"]);
    expect(judge(asking)).toBeNull();
  });

  it.each([
    ["approve", "approve\r", 0, "valid"],
    ["approve", "yes\r", 1, undefined],
    ["deny", "approve\r", 1, undefined],
    ["deny", "deny\r", 0, "valid"],
    ["approve", "\u0003", 130, undefined],
    ["approve", "\u0004", 130, undefined],
  ])("on a terminal %s and the answer %j: exit %i", async (command, typed, code, kind) => {
    const asking = createAsking();
    await runCli(asking.home, "keys", "init", "alice", "--trust", "approver");
    const ended = await runOnTerminal(asking.home, [command, asking.sha256], "to sign this with the key alice", typed);
    expect(ended).toEqual({ code, output: expect.stringContaining(packet.sentence) });
    expect(judge(asking)?.kind).toBe(kind);
  });

  it("narrows the packet by patterns, which are checked", async () => {
    const asking = createAsking();
    await runCli(asking.home, "keys", "init", "alice", "--trust", "approver");
    const wrong = await runCli(asking.home, "approve", asking.sha256, "--forbid-path", "../x", "--yes", "--json");
    expect(codeOf(wrong)).toEqual([2, "PATH_RULE_INVALID"]);
    const wide = await runCli(asking.home, "approve", asking.sha256, "--allow-path", "docs/", "--yes", "--json");
    expect(codeOf(wide)).toEqual([2, "CLI_USAGE"]);
    const patterns = ["--allow-path", "src/a/", "--forbid-path", "src/a/b/", "--forbid-path", "*.md"];
    const narrowed = await runCli(
      asking.home,
      "approve",
      asking.sha256,
      ...patterns,
      "--reason",
      " small steps ",
      "--yes",
    );
    expect(narrowed.stdout).toMatch(/narrowed to +src\/a\//);
    expect(judge(asking)).toMatchObject({
      decision: {
        reason: "small steps",
        narrowing: { allowed_paths: ["src/a/"], forbidden_paths: ["src/a/b/", "*.md"] },
      },
    });
  });

  it("refuses a reason that holds a secret", async () => {
    const asking = createAsking();
    await runCli(asking.home, "keys", "init", "alice");
    const reason = `see ghp_${"a1B2".repeat(9)}`;
    const result = await runCli(asking.home, "approve", asking.sha256, "--reason", reason, "--yes", "--json");
    expect([codeOf(result), judge(asking)]).toEqual([[2, "CLI_USAGE"], null]);
  });

  it("takes the only key, asks which of several, and opens a key file elsewhere", async () => {
    const asking = createAsking();
    const approve = (...args: readonly string[]) =>
      runCli(asking.home, "approve", asking.sha256, ...args, "--yes", "--json");
    expect(codeOf(await approve())).toEqual([2, "CLI_NO_KEY"]);
    for (const name of ["alice", "bob"]) await runCli(asking.home, "keys", "init", name);
    expect(codeOf(await approve())).toEqual([2, "CLI_USAGE"]);
    expect(codeOf(await approve("--key", "carol"))).toEqual([2, "KEY_NOT_FOUND"]);
    renameSync(join(asking.home, ".cto/keys/bob.pem"), join(asking.home, "bob.pem"));
    symlinkSync("bob.pem", join(asking.home, "link.pem"));
    expect(codeOf(await approve("--key", "link.pem"))).toEqual([2, "KEY_LINKED"]);
    expect(judge(asking)).toBeNull();
    expect((await approve("--key", "bob.pem")).code).toBe(0);
  });

  it("signs a copy of a packet outside of any home, which counts where the decision is brought", async () => {
    const asking = createAsking();
    const approver = createHome();
    await runCli(approver, "keys", "init", "alice");
    mkdirSync(join(approver, "mail"));
    cpSync(join(asking.folder, "packet.json"), join(approver, "mail/packet.json"));
    const { code, stdout } = await runCli(approver, "approve", "mail", "--yes", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { trusted: null, packet_sha256: asking.sha256 }]);
    expect(codeOf(await runCli(approver, "deny", "mail/packet.json", "--yes", "--json"))).toEqual([
      2,
      "APPROVAL_DECIDED",
    ]);
    cpSync(join(approver, "mail/decision.json"), join(asking.folder, "decision.json"));
    await trust(asking.home, approver, "alice", "approver");
    expect(judge(asking)).toMatchObject({ kind: "valid" });
  });

  it("refuses packets that are spent, changed, missing, or reached through a link", async () => {
    const asking = createAsking();
    const { home, sha256 } = asking;
    await runCli(home, "keys", "init", "alice");
    const approve = (selector: string) => runCli(home, "approve", selector, "--yes", "--json");
    expect(codeOf(await approve("0000"))).toEqual([2, "APPROVAL_NOT_FOUND"]);
    for (const selector of ["nowhere", "./nowhere/packet.json", "."])
      expect(codeOf(await approve(selector))).toEqual([2, "CLI_PACKET_NOT_FOUND"]);
    openStore({ home }).approvals.claim(sha256, {
      schema: SCHEMAS.approvalClaim,
      packet_sha256: sha256,
      decision_sha256: "6".repeat(64),
      run_id: "run-1",
      claimed_at: "2026-11-20T06:01:00.000Z",
    });
    expect(codeOf(await approve(sha256))).toEqual([2, "APPROVAL_SPENT"]);

    const file = join(asking.folder, "packet.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("src/secret/", "src/public/"));
    expect(codeOf(await approve(sha256))).toEqual([2, "APPROVAL_PACKET_INVALID"]);
    expect(codeOf(await approve(asking.folder))).toEqual([2, "APPROVAL_PACKET_INVALID"]);
    renameSync(asking.folder, join(home, "moved"));
    symlinkSync(join(home, "moved"), asking.folder);
    expect(codeOf(await approve(asking.folder))).toEqual([2, "STORE_HOME_UNSAFE"]);
    expect(existsSync(join(home, "moved/decision.json"))).toBe(false);
  });
});

describe("cto deny", () => {
  it("says no with a reason, and what follows from it", async () => {
    const asking = createAsking();
    await runCli(asking.home, "keys", "init", "alice", "--trust", "approver");
    const { code, stdout } = await runCli(asking.home, "deny", asking.sha256, "--reason", "not now", "--yes");
    expect([code, stdout]).toEqual([0, expect.stringContaining("approval_denied")]);
    expect(judge(asking)).toMatchObject({ kind: "valid", decision: { decision: "denied", reason: "not now" } });
    const widened = await runCli(asking.home, "deny", asking.sha256, "--allow-path", "src/", "--yes", "--json");
    expect(codeOf(widened)).toEqual([2, "CLI_USAGE"]);
  });
});
