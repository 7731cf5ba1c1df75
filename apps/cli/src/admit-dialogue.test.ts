import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runOnTerminal } from "./__fixtures__/cli-kit.ts";

const file = (home: string) => join(home, "cto/admissions/provider-decision.json");

describe("cto admit on a terminal", () => {
  const given = ["admit", "decision", "--approval-source", "owner", "--review-trigger", "a new contract"];
  const question = "not_decided, external_provider_approved or local_provider_required: ";

  it("asks for what is missing, and again after an answer that does not fit", async () => {
    const home = createHome();
    const typed = "perhaps\nlocal_provider_required\n\nthe code is not public\n";
    const { code, output } = await runOnTerminal(home, given, question, typed);
    expect(output).toContain("decision is the text");
    expect(output).toContain("reason is empty text");
    expect(output).toContain("wrote cto/admissions/provider-decision.json");
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(file(home), "utf8"))).toMatchObject({
      decision: "local_provider_required",
      reason: "the code is not public",
      approval_source: "owner",
    });
  });

  it("leaves nothing behind after Ctrl-C", async () => {
    const home = createHome();
    const { code, output } = await runOnTerminal(home, given, question, "local_provider_required\n\u0003");
    expect(output).toContain("nothing was written");
    expect(code).toBe(130);
    expect(readdirSync(home)).toEqual([".git"]);
  });

  it("names what is missing after the end of the input", async () => {
    const home = createHome();
    const { code, output } = await runOnTerminal(home, given, question, "local_provider_required\n\u0004");
    expect(output).toContain("--reason: reason is missing");
    expect(code).toBe(2);
    expect(readdirSync(home)).toEqual([".git"]);
  });

  it("takes no secret for an answer, and does not repeat it in what it says", async () => {
    const home = createHome();
    const secret = `npm_${"a".repeat(36)}`;
    const typed = `local_provider_required\n${secret}\nthe code is not public\n`;
    const { code, output } = await runOnTerminal(home, given, question, typed);
    expect(output).toContain("looks like a secret");
    expect(code).toBe(0);
    expect(readFileSync(file(home), "utf8")).not.toContain(secret);
  });

  it("says at once that a given option is wrong", async () => {
    const home = createHome();
    const { code, output } = await runOnTerminal(home, [...given, "--reason", ""], "never asked", "");
    expect(output).toContain("--reason: reason is empty text");
    expect(code).toBe(2);
  });
});
