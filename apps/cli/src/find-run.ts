import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ResolvedRun, Store } from "@cto/bundle-store";
import { CtoError, oneLine } from "@cto/errors";
import { RUN_FILES } from "@cto/evidence-interface";

/**
 * The run that a person means: see `Store.resolveRun`. Throws `CLI_NOT_A_RUN` for a directory elsewhere that has neither `run.json` nor
 * `manifest.json`: it is no damaged bundle but something else.
 */
export function findRun(store: Store, selector: string, cwd: string): ResolvedRun {
  const run = store.resolveRun(selector, { cwd });
  const isOurs = dirname(run.directory) === join(store.root, "runs");
  if (isOurs || [RUN_FILES.run, RUN_FILES.manifest].some((name) => existsSync(join(run.directory, name)))) return run;
  throw new CtoError(
    "CLI_NOT_A_RUN",
    `${oneLine(selector)} is not a run directory: it has neither run.json nor manifest.json`,
    {
      hint: "`cto runs list` shows the runs of this place.",
      details: { selector },
    },
  );
}
