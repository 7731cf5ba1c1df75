import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli, startCli } from "./__fixtures__/cli-kit.ts";

const shell = (line: string) => ({ command: ["bash", "-c", line] });

/** A case of our own that comes out otherwise than it says. */
function writeFailingCase(home: string): void {
  const folder = join(home, "cto/cases/wrong");
  mkdirSync(join(folder, "fixture"), { recursive: true });
  writeFileSync(join(folder, "fixture/a.txt"), "old\n");
  const task = { schema: "cto.task.v1", id: "wrong", title: "t", brief: "b", allowed_paths: ["a.txt"] };
  const verification = [{ id: "check", run: ["true"] }];
  writeFileSync(join(folder, "task.yaml"), JSON.stringify({ ...task, verification }));
  writeFileSync(join(folder, "fake.yaml"), JSON.stringify({ schema: "cto.fake-script.v1", steps: [{ exit: 0 }] }));
  const expectation = { status: "pass", code: null, event: null, exit: 0 };
  writeFileSync(
    join(folder, "expect.yaml"),
    JSON.stringify({ schema: "cto.expect.v1", invoke: { stage: 2, target: "none" }, expect: expectation }),
  );
}

describe("output that nobody takes", () => {
  it("a closed standard error does not end the run: it is sealed and passes", async () => {
    const home = createHome();
    const result = await startCli(home, ["run", "r1-string-slugify"], {
      ...shell('"$0" "$@" 2>&1 | head -n 1; exit "$' + '{PIPESTATUS[0]}"'),
    }).result;
    expect([result.code, result.stdout.split("\n").length]).toEqual([0, 2]);
    expect((await runCli(home, "verify", "latest")).code).toBe(0);
  });

  it("a full disk behind standard error does not end the run either", async () => {
    const home = createHome();
    const started = startCli(home, ["run", "r1-string-slugify", "--json"], shell('exec "$0" "$@" 2>/dev/full'));
    const { code, stdout } = await started.result;
    expect([code, JSON.parse(stdout).status]).toEqual([0, "pass"]);
  });

  it("a reader of standard output that leaves does not change the exit code", async () => {
    const home = createHome();
    writeFailingCase(home);
    const left = shell('"$0" "$@" | true; exit "$' + '{PIPESTATUS[0]}"');
    expect(await startCli(home, ["cases", "run", "wrong"], left).result).toMatchObject({ code: 1, stderr: "" });
    expect(await startCli(home, ["cases", "list"], left).result).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([[["--version"]], [["--help"]], [["cases", "list"]], [["run", "r1-string-slugify", "--json"]]])(
    "%j into a full disk: exit 4 and a code, no stack",
    async (args) => {
      const home = createHome();
      const { code, stderr } = await startCli(home, args, shell('exec "$0" "$@" >/dev/full')).result;
      expect(code).toBe(4);
      expect(stderr.match(/^error .*/gm)).toEqual([
        "error CLI_OUTPUT_FAILED: standard output cannot be written (ENOSPC)",
      ]);
      expect(stderr).not.toContain("    at ");
      if (args[0] === "run") expect(readFileSync(join(home, ".cto/ledger.ndjson"), "utf8")).toContain('"sealed"');
    },
  );
});
