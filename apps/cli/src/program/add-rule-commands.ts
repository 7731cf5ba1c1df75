import type { Command } from "commander";
import { type Bind, example, jsonOption, lazily } from "./command-parts.ts";

/** What may happen here and what is proven: engines, policy, admit, ladder, compare, doctor. */
export function addRuleCommands(program: Command, bind: Bind): void {
  const engines = program
    .command("engines")
    .description("list engines, or probe one")
    .addHelpText("after", example("cto engines list"));
  engines
    .command("list")
    .description("the engines that this cto knows, and the stages that each may run at")
    .addOption(jsonOption())
    .addHelpText("after", example("cto engines list --json"))
    .action(bind(lazily(() => import("../commands/engines.ts"), "listEnginesCommand")));
  engines
    .command("probe")
    .description("find an engine's executable, version and digest; runs no task")
    .argument("<id>", "an engine id")
    .addOption(jsonOption())
    .addHelpText("after", example("cto engines probe fake"))
    .action(bind(lazily(() => import("../commands/engines.ts"), "probeEngineCommand")));

  const policy = program
    .command("policy")
    .description("what the policy layers permit, and whether one permits too much")
    .addHelpText("after", example("cto policy explain src/x.ts", "cto policy check"));
  policy
    .command("explain")
    .description(
      "the rule that decides, its layer, file and line: exit 0 allowed, 1 a run would be refused, 3 unreadable",
    )
    .argument(
      "<what>",
      "a path of the target, an action, an engine, a model as provider/model, a target's id, stage, network or budget.KEY",
    )
    .option("--task <case-or-task>", "ask this contract too")
    .option("--target <dir>", "ask the layer of this admitted target too")
    .option("--as <kind>", "path, action, model, engine, target, stage, network or budget")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      example(
        "cto policy explain src/x.ts --task r1-string-slugify",
        "cto policy explain push",
        "cto policy explain stage",
      ),
    )
    .action(bind(lazily(() => import("../commands/policy.ts"), "explainPolicyCommand")));
  policy
    .command("check")
    .description("every layer that cannot be read and every rule that widens: exit 0 clean, 1 widenings, 3 unreadable")
    .option("--task <case-or-task>", "only this contract, not all of cto/cases and cto/tasks")
    .option("--target <dir>", "contracts of stage 5 and up under this admitted target only, not under all")
    .addOption(jsonOption())
    .addHelpText("after", example("cto policy check", "cto policy check --task task.yaml --json"))
    .action(bind(lazily(() => import("../commands/policy.ts"), "checkPolicyCommand")));

  program
    .command("ladder")
    .description("the stage that each engine has proven, recomputed from the bundles of this place")
    .option("--engine <id>", "one engine only")
    .option("--target <dir>", "the repository that stages 3 and up are asked about")
    .option("--explain", "the bundles behind each rung, and what does not count, with reasons")
    .addOption(jsonOption())
    .addHelpText("after", example("cto ladder", "cto ladder --engine fake --target ../other-repo --explain"))
    .action(bind(lazily(() => import("../commands/ladder.ts"), "ladderCommand")));

  program
    .command("compare")
    .description("engines beside one another on one task, from bundles that verify")
    .argument("<task-id-or-case>", "a task id that bundles know, a case id, or the path of a task.yaml")
    .addOption(jsonOption())
    .addHelpText("after", example("cto compare r1-string-slugify", "cto compare r1-string-slugify --json"))
    .action(bind(lazily(() => import("../commands/compare.ts"), "compareCommand")));

  program
    .command("doctor")
    .description("what works on this machine, what is missing, and how to get it")
    .addOption(jsonOption())
    .addHelpText("after", example("cto doctor"))
    .action(bind(lazily(() => import("../commands/doctor.ts"), "doctorCommand")));
}
