import {
  findHome,
  findTrustedKeys,
  openStore,
  runIdOfDirectory,
  type Store,
  verifyRunDirectory,
} from "@cto/bundle-store";
import { CtoError, oneLine } from "@cto/errors";
import { type VerifyResult, verdictExitCode, verifyMany } from "@cto/evidence-interface";
import { describeVerdict } from "../describe-verdict.ts";
import { EXIT } from "../exit-codes.ts";
import { findRun } from "../find-run.ts";
import type { Terminal } from "../terminal.ts";

/** `cto verify`. Reads only, and of the repository only whose signatures count here: nothing else decides what a bundle is worth. */
export async function verifyCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const cwd = process.cwd();
  const store = openStore({ home: findHome(cwd) });
  const trusted = findTrustedKeys(store.home);
  const all = options.all === true;
  if (all && args.length > 0) {
    throw new CtoError("CLI_USAGE", "verify takes a run or --all, not both", { hint: "Leave one of them out." });
  }
  const needsSignature = options.requireSignature === true;
  if (all) {
    const directories = store.listRunDirectories();
    const results = directories.map((directory) => placed(store, directory, verifyRunDirectory(directory, trusted)));
    const many = verifyMany(results);
    if (terminal.json) terminal.document(many);
    const last =
      results.length === 0
        ? "no runs yet: cto run r1-string-slugify makes one"
        : `${results.length} bundles; worst verdict: ${describeVerdict(many.verdict)}`;
    terminal.say([...results.flatMap((result) => linesOf(terminal, result)), last].join("\n"));
    return exitCode(many.verdict, needsSignature);
  }
  const { directory } = findRun(store, args[0] ?? "latest", cwd);
  const result = placed(store, directory, verifyRunDirectory(directory, trusted));
  if (terminal.json) terminal.document(result);
  terminal.say(linesOf(terminal, result).join("\n"));
  return exitCode(result.verdict, needsSignature);
}

function exitCode(verdict: VerifyResult["verdict"], needsSignature: boolean): number {
  return verdict === "unsigned" && needsSignature ? EXIT.blocked : verdictExitCode(verdict);
}

/** A bundle under `.cto/runs` must be the one that its directory names: a good run copied over a bad one is intact and still a lie. */
function placed(store: Store, directory: string, result: VerifyResult): VerifyResult {
  const expected = runIdOfDirectory(store, directory);
  if (expected === null || result.run_id === null || result.run_id === expected) return result;
  const finding = {
    code: "RUN_MISPLACED",
    path: null,
    message: `the directory is named ${expected} and holds the run ${result.run_id}`,
    hint: "Somebody moved or copied run directories; restore this one from a copy.",
  };
  const findings = [finding, ...result.findings];
  return { ...result, verdict: result.verdict === "tampered" ? "tampered" : "contradictory", findings };
}

/** A verdict and its findings, for people. */
function linesOf(terminal: Terminal, { verdict, findings, run_id, status }: VerifyResult): readonly string[] {
  const colour = verdictExitCode(verdict) === 0 ? "green" : verdictExitCode(verdict) === 1 ? "red" : "yellow";
  const shown = findings
    .slice(0, 20)
    .flatMap(({ code, path, message, hint }) => [
      `  ${code}${path === null ? "" : ` ${oneLine(path)}`}: ${oneLine(message, 300)}`,
      `    ${hint}`,
    ]);
  return [
    `${terminal.paint(colour, verdict.padEnd(13))} ${run_id ?? "unknown run"}${status === null ? "" : `  (run status: ${status})`}`,
    ...shown,
    ...(findings.length > 20 ? [`  ... and ${findings.length - 20} more findings (--json shows all)`] : []),
  ];
}
