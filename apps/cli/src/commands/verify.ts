import { verifyRunDirectory } from "@cto/bundle-store";
import { CtoError, oneLine } from "@cto/errors";
import { type VerifyResult, verdictExitCode, verifyMany } from "@cto/evidence-interface";
import { EXIT } from "../exit-codes.ts";
import { openSetting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";
import { describeVerdict } from "./run.ts";

/** `cto verify`. Reads only. */
export async function verifyCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSetting();
  const all = options.all === true;
  if (all && args.length > 0) {
    throw new CtoError("CLI_USAGE", "verify takes a run or --all, not both", { hint: "Leave one of them out." });
  }
  const needsSignature = options.requireSignature === true;
  if (all) {
    const results = setting.store.listRunDirectories().map((directory) => verifyRunDirectory(directory));
    const many = verifyMany(results);
    if (terminal.json) terminal.document(many);
    for (const result of results) showResult(terminal, result);
    terminal.say(
      results.length === 0
        ? "no runs yet: cto run r1-string-slugify makes one"
        : `${results.length} bundles; worst verdict: ${describeVerdict(many.verdict)}`,
    );
    return exitCode(many.verdict, needsSignature);
  }
  const { directory } = setting.store.resolveRun(args[0] ?? "latest", { cwd: setting.cwd });
  const result = verifyRunDirectory(directory);
  if (terminal.json) terminal.document(result);
  showResult(terminal, result);
  return exitCode(result.verdict, needsSignature);
}

function exitCode(verdict: VerifyResult["verdict"], needsSignature: boolean): number {
  return verdict === "unsigned" && needsSignature ? EXIT.blocked : verdictExitCode(verdict);
}

function showResult(terminal: Terminal, { verdict, findings, run_id, status }: VerifyResult): void {
  const colour = verdictExitCode(verdict) === 0 ? "green" : verdictExitCode(verdict) === 1 ? "red" : "yellow";
  terminal.say(
    `${terminal.paint(colour, verdict.padEnd(13))} ${run_id ?? "unknown run"}${status === null ? "" : `  (run status: ${status})`}`,
  );
  for (const { code, path, message, hint } of findings.slice(0, 20)) {
    terminal.say(`  ${code}${path === null ? "" : ` ${oneLine(path)}`}: ${oneLine(message, 300)}`);
    terminal.say(`    ${hint}`);
  }
  if (findings.length > 20) terminal.say(`  ... and ${findings.length - 20} more findings (--json shows all)`);
}
