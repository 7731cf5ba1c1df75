import type { Command } from "commander";
import { type Bind, collect, example, jsonOption, lazily } from "./command-parts.ts";

/** People's decisions and the keys that sign them: keys, approve, deny, accept, reject. */
export function addDecisionCommands(program: Command, bind: Bind): void {
  const keys = program
    .command("keys")
    .description("signing keys: make, list, show, trust, revoke")
    .addHelpText("after", example("cto keys init alice", "cto keys list"));
  keys
    .command("init")
    .description("make an Ed25519 key in .cto/keys")
    .argument("[name]", "the name that others see", "default")
    .option("--trust <role>", "trust it in this home too: approver or harness (may be repeated)", collect)
    .addOption(jsonOption())
    .addHelpText("after", example("cto keys init alice", "cto keys init alice --trust approver"))
    .action(bind(lazily(() => import("../commands/keys.ts"), "initKeyCommand")));
  keys
    .command("list")
    .description("the private keys of this home, and the keys that it trusts")
    .addOption(jsonOption())
    .addHelpText("after", example("cto keys list"))
    .action(bind(lazily(() => import("../commands/keys.ts"), "listKeysCommand")));
  keys
    .command("show")
    .description("print the public part of a key: what to send to whoever owns the repository")
    .argument("[name]", "the name of a key here, or a PEM file", "default")
    .addOption(jsonOption())
    .addHelpText("after", example("cto keys show alice > alice.json"))
    .action(bind(lazily(() => import("../commands/keys.ts"), "showKeyCommand")));
  keys
    .command("trust")
    .description("enter somebody's public key in cto/keys/trusted.json")
    .argument("<file>", "what `cto keys show` printed, or - for standard input")
    .option("--role <role>", "approver for people's decisions, harness for bundles (may be repeated)", collect)
    .addOption(jsonOption())
    .addHelpText("after", example("cto keys trust alice.json --role approver"))
    .action(bind(lazily(() => import("../commands/keys.ts"), "trustKeyCommand")));
  keys
    .command("revoke")
    .description("take a key out of cto/keys/trusted.json")
    .argument("<keyid>", "a keyid, the beginning of one, or the name of a key")
    .addOption(jsonOption())
    .addHelpText("after", example("cto keys revoke alice"))
    .action(bind(lazily(() => import("../commands/keys.ts"), "revokeKeyCommand")));

  program
    .command("approve")
    .description("consent to one packet, once, with your signature")
    .argument("<packet>", "its digest or the beginning of it, or the path of a packet.json or of its folder")
    .option("--key <name-or-file>", "the key to sign with (default: the only one here)")
    .option("--reason <text>", "why; it goes into the evidence")
    .option("--allow-path <pattern>", "permit only this part of what the packet permits (may be repeated)", collect)
    .option("--forbid-path <pattern>", "forbid this as well (may be repeated)", collect)
    .option("--yes", "do not ask: I have read the packet")
    .addOption(jsonOption())
    .addHelpText("after", example("cto approve 3f9a", "cto approve ../other/.cto/approvals/3f9a... --key alice"))
    .action(bind(lazily(() => import("../commands/approve.ts"), "approveCommand")));

  program
    .command("deny")
    .description("say no to one packet, with your signature")
    .argument("<packet>", "its digest or the beginning of it, or the path of a packet.json or of its folder")
    .option("--key <name-or-file>", "the key to sign with (default: the only one here)")
    .option("--reason <text>", "why; it goes into the evidence")
    .option("--yes", "do not ask: I have read the packet")
    .addOption(jsonOption())
    .addHelpText("after", example("cto deny 3f9a --reason 'not before the release'"))
    .action(bind(lazily(() => import("../commands/approve.ts"), "denyCommand")));

  program
    .command("accept")
    .description("land a passed run of stage 5 on the branch cto/<run id> of its target, with your signature")
    .argument("<run>", "a run id, a prefix of one, or latest")
    .option("--target <dir>", "the repository to land in (default: the admitted one that the run was for)")
    .option("--key <name-or-file>", "the key to sign with (default: the only one here)")
    .option("--reason <text>", "why; it goes into the record")
    .option("--yes", "do not ask: I have looked at the change")
    .addOption(jsonOption())
    .addHelpText("after", example("cto accept latest", "cto accept latest --key alice --yes"))
    .action(bind(lazily(() => import("../commands/outcome.ts"), "acceptCommand")));

  program
    .command("reject")
    .description("say no to the result of a passed run of stage 5, with your signature; touches no repository")
    .argument("<run>", "a run id, a prefix of one, or latest")
    .option("--target <dir>", "the repository that the run was for (default: the admitted one)")
    .option("--key <name-or-file>", "the key to sign with (default: the only one here)")
    .option("--reason <text>", "why; it goes into the record")
    .option("--yes", "do not ask: I have looked at the change")
    .addOption(jsonOption())
    .addHelpText("after", example("cto reject latest --reason 'not this way'"))
    .action(bind(lazily(() => import("../commands/outcome.ts"), "rejectCommand")));
}
