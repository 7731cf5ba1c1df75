import type { Command } from "commander";
import { type Bind, example, jsonOption, lazily } from "./command-parts.ts";

/** Runs and what they left: run, verify, report, runs, cases. */
export function addRunCommands(program: Command, bind: Bind): void {
  program
    .command("run")
    .description("run one task: contract, workspace, engine, gates, verification, evidence")
    .argument("<case-or-task>", "a case id (`cto cases list`), or the path of a task.yaml")
    .option("--engine <id>", "the engine that makes the change", "fake")
    .option(
      "--stage <n>",
      "1 gated, 2 fixture copy, 3 copied repository, 4 throwaway repository, 5 admitted target, 6 comparison (3 and up must be typed)",
    )
    .option("--target <dir>", "the git repository that the change is for, for stages 3 and up")
    .option("--ref <rev>", "the commit of the target to start from, at stages 3 and 4 (default: its HEAD)")
    .option("--model <provider/model>", "the model that the engine shall use; it must be admitted")
    .option("--retain", "keep the throwaway repository of stage 4")
    .option("--isolation <kind>", "bubblewrap, or none (stages 1 and 2 only; recorded in the evidence)", "bubblewrap")
    .addOption(jsonOption())
    .addHelpText("after", example("cto run r1-string-slugify", "cto run task.yaml --stage 3 --target ../other-repo"))
    .action(bind(lazily(() => import("../commands/run.ts"), "runCommand")));

  program
    .command("verify")
    .description("check bundles: digests, event chain, meaning; never writes")
    .argument("[run]", "a run id, a prefix of one, a run directory, or latest")
    .option("--all", "every run in .cto/runs")
    .option("--require-signature", "an unsigned bundle is not enough (exit 3)")
    .addOption(jsonOption())
    .addHelpText("after", example("cto verify latest", "cto verify --all --json"))
    .action(bind(lazily(() => import("../commands/verify.ts"), "verifyCommand")));

  program
    .command("report")
    .description("print the report of a run, for a person")
    .argument("[run]", "a run id, a prefix of one, a run directory, or latest", "latest")
    .addOption(jsonOption())
    .addHelpText("after", example("cto report latest"))
    .action(bind(lazily(() => import("../commands/report.ts"), "reportCommand")));

  const runs = program
    .command("runs")
    .description("list, show or remove runs")
    .addHelpText("after", example("cto runs list", "cto runs show latest"));
  runs
    .command("list")
    .description("every run, newest first")
    .addOption(jsonOption())
    .addHelpText("after", example("cto runs list --json"))
    .action(bind(lazily(() => import("../commands/runs.ts"), "listRunsCommand")));
  runs
    .command("show")
    .description("one run: identity, status, blockers, files")
    .argument("[run]", "a run id, a prefix of one, or latest", "latest")
    .addOption(jsonOption())
    .addHelpText("after", example("cto runs show latest"))
    .action(bind(lazily(() => import("../commands/runs.ts"), "showRunCommand")));
  runs
    .command("rm")
    .description("remove a run's directory; the ledger keeps a tombstone")
    .argument("<run>", "a run id, a prefix of one, or latest")
    .addOption(jsonOption())
    .addHelpText("after", example("cto runs rm r1-string-slugify-20260101t120000000z-1a2b3c4d"))
    .action(bind(lazily(() => import("../commands/runs.ts"), "removeRunCommand")));

  const cases = program
    .command("cases")
    .description("list cases, or run them and compare with what they expect")
    .addHelpText("after", example("cto cases list", "cto cases run"));
  cases
    .command("list")
    .description("the cases in cto/cases and the built-in ones")
    .addOption(jsonOption())
    .addHelpText("after", example("cto cases list"))
    .action(bind(lazily(() => import("../commands/cases.ts"), "listCasesCommand")));
  cases
    .command("run")
    .description("run cases and compare status, code, event and exit code with their expect.yaml")
    .argument("[ids...]", "case ids; all of them without any")
    .option("--engine <id>", "the engine that makes the change", "fake")
    .addOption(jsonOption())
    .addHelpText("after", example("cto cases run", "cto cases run failure-no-diff --json"))
    .action(bind(lazily(() => import("../commands/cases.ts"), "runCasesCommand")));
}
