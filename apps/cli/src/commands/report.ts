import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findTrustedKeys, verifyRunDirectory } from "@cto/bundle-store";
import { CtoError, systemCode } from "@cto/errors";
import { RUN_FILES } from "@cto/evidence-interface";
import { describeVerdict } from "../describe-verdict.ts";
import { EXIT } from "../exit-codes.ts";
import { findRun } from "../find-run.ts";
import { openSetting, toShownPath } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto report`: the report as it stands in the bundle, and whether the bundle still verifies. */
export async function reportCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const setting = await openSetting();
  const { directory, runId } = findRun(setting.store, args[0] ?? "latest", setting.cwd);
  const { verdict, findings } = verifyRunDirectory(directory, findTrustedKeys(setting.home));
  if (terminal.json) {
    terminal.document(JSON.parse(await readPart(directory, runId, RUN_FILES.report)));
  } else {
    terminal.say(await readPart(directory, runId, RUN_FILES.reportText));
    terminal.say(
      `Checked just now: ${describeVerdict(verdict)}. Page for a browser: ${toShownPath(setting, join(directory, RUN_FILES.observerPage))}`,
    );
  }
  if (verdict !== "valid" && verdict !== "unsigned") {
    terminal.note(
      `${terminal.paint("red", "Do not rely on this report")}: its bundle is ${verdict} (${findings[0]?.code ?? "no finding"}). cto verify ${runId} says more.`,
    );
    return verdict === "incomplete" || verdict === "unverifiable" ? EXIT.blocked : EXIT.fail;
  }
  return EXIT.pass;
}

async function readPart(directory: string, runId: string, name: string): Promise<string> {
  try {
    return await readFile(join(directory, name), "utf8");
  } catch (cause) {
    throw new CtoError("CLI_REPORT_MISSING", `run ${runId} has no ${name} (${systemCode(cause) ?? "unreadable"})`, {
      hint: "The run is still going or was interrupted; `cto runs list` closes a dead one.",
      cause,
    });
  }
}
