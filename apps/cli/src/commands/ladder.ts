import { resolve } from "node:path";
import type { LadderItem, RecordFacts } from "@cto/gates";
import { readRepository } from "@cto/git-state";
import { readRecords, readTargetId } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { toLadderText } from "../ladder/ladder-text.ts";
import { readLadder } from "../ladder/read-ladder.ts";
import { findEngine, openSettingOfRun, type Setting, toShownPath } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto ladder`: who stands on which rung, recomputed from the bundles of this home. Exit 0 whatever it says; a look and no gate. */
export async function ladderCommand(
  terminal: Terminal,
  _args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSettingOfRun();
  const engineId = typeof options.engine === "string" ? options.engine : null;
  const target = typeof options.target === "string" ? await readTarget(setting, options.target) : null;
  const records = readRecords(setting.home);
  const { ladder, present } = await readLadder(setting, records, { engineId, targetId: target?.id ?? null });
  const items = ladder.items
    .filter(({ engine }) => engineId === null || engine.id === engineId)
    .filter(({ target_id }) => target === null || target_id === null || target_id === target.id);
  if (engineId !== null && items.length === 0) findEngine(engineId);
  if (terminal.json) terminal.document({ ...ladder, items });
  const lines = toLadderText(terminal, {
    items: items
      .filter((item) => options.explain === true || target !== null || hasGround(item))
      .map((item) => ({ item, stale: present.whyStale(item) })),
    leftOut: ladder.left_out,
    notes: [...present.notes, ...notesOf(setting, records)],
    explain: options.explain === true,
    targets: new Map(target === null ? [] : [[target.id, target.shown]]),
  });
  terminal.say(lines.join("\n"));
  return EXIT.pass;
}

async function readTarget(
  setting: Setting,
  directory: string,
): Promise<{ readonly id: string; readonly shown: string }> {
  const repository = await readRepository(resolve(setting.cwd, directory));
  return { id: await readTargetId(repository), shown: toShownPath(setting, repository.topLevel) };
}

/** False for a target on which nothing was ever proven: one failed run there is no news. */
function hasGround({ rungs, target_id }: LadderItem): boolean {
  return target_id === null || rungs.some(({ stage, tasks }) => stage >= 3 && tasks > 0);
}

function notesOf({ store }: Setting, { problems }: RecordFacts): readonly string[] {
  return [
    ...store.readLedger().notes,
    ...problems.map(({ file, message }) => `no exemption counts while a record cannot be read: ${file}: ${message}`),
  ];
}
