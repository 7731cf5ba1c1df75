import { type Blocker, type ChangedFile, type FailureCode, pathTextToName } from "@cto/evidence-interface";
import { listSome, toBlocker } from "./blocker.ts";
import { type DiskEffect, judgeDiskChange } from "./disk-effects.ts";
import type { DiskChange, EffectDecision, EffectFacts, TreeChange } from "./effect-facts.ts";
import { explainGitChange } from "./git-effects.ts";
import type { CompiledPolicy } from "./policy/compile-policy.ts";
import { decidingRule, type PathRulings, rulePath } from "./policy/path-policy.ts";
import { createPathReader } from "./policy/path-reader.ts";

/**
 * The effect gate: judges what changed, not what was said. Every change of the tree must be allowed, and neither forbidden nor protected;
 * every change of the disk must be part of the tree, or new and left behind by a tool; inside `.git` only committing is free.
 * What could not be determined counts against the run.
 */
export function judgeEffects(facts: EffectFacts): EffectDecision {
  const { diffRequired, policy } = facts;
  const disk = judgeDisk(facts, policy);
  const read = createPathReader();
  const judged = facts.treeChanges.map((change) => ({ change, rulings: rulePath(policy, read(change.path)) }));
  const pathsWhere = (chosen: (rulings: PathRulings) => boolean) =>
    judged.filter(({ rulings }) => chosen(rulings)).map(({ change }) => change.path);

  const hidden = findHidden(facts, disk);
  const forbidden = [
    ...pathsWhere(isForbidden),
    ...disk.flatMap((effect) => (effect.kind === "forbidden" ? [effect.path] : [])),
  ];
  const protectedPaths = pathsWhere((rulings) => rulings.protected !== undefined);
  const disallowed = pathsWhere(isWithoutRule);
  const blockers = toBlockers([
    ["source_mutated", "", explainSource(facts.sourceChanged)],
    ["hidden_mutation", "not shown by the patch: ", hidden],
    ["forbidden_path_change", "forbidden: ", forbidden],
    ["protected_test_changed", "protected: ", protectedPaths],
    ["disallowed_file_change", "no rule of allowed_paths permits: ", disallowed, toUpperHint(judged)],
    ["no_diff", "", diffRequired && judged.length === 0 ? ["the result has no change at all"] : []],
    [
      "secret_leak",
      "shaped like a secret: ",
      facts.secretMatches.map(({ path, line, kind }) => `${path}:${line} (${kind})`),
    ],
  ]);
  return {
    blockers,
    changes: judged.map(({ change, rulings }) => toChangedFile(change, rulings)),
    byProducts: disk.flatMap((effect) => (effect.kind === "by-product" ? [effect.path] : [])),
    allowedWritesPassed: [hidden, forbidden, protectedPaths, disallowed].every((paths) => paths.length === 0),
    forbiddenPathsPassed: forbidden.length === 0,
  };
}

function isForbidden(rulings: PathRulings): boolean {
  return rulings.refusal !== undefined || rulings.forbidden !== undefined;
}

function isWithoutRule(rulings: PathRulings): boolean {
  return !isForbidden(rulings) && rulings.protected === undefined && rulings.allowed === undefined;
}

function judgeDisk(facts: EffectFacts, policy: CompiledPolicy): readonly DiskEffect[] {
  const context = {
    policy,
    inTree: new Set(facts.treeChanges.map((change) => change.path)),
    touched: facts.diskChanges.some(isNewDirectory) ? findTouched(facts.diskChanges) : NOTHING,
  };
  return facts.diskChanges.map((change) => judgeDiskChange(change, context));
}

const NOTHING: ReadonlySet<string> = new Set();

function isNewDirectory({ kindAfter, kindBefore }: DiskChange): boolean {
  return kindBefore === null && kindAfter === "directory";
}

/** Every directory above a change. Climbs only to the first one that is known: what is above it is known too. */
function findTouched(changes: readonly DiskChange[]): ReadonlySet<string> {
  const touched = new Set<string>();
  for (const { path } of changes) {
    let parent = parentOf(pathTextToName(path) ?? "");
    while (parent !== "" && !touched.has(parent)) {
      touched.add(parent);
      parent = parentOf(parent);
    }
  }
  return touched;
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

function findHidden(facts: EffectFacts, disk: readonly DiskEffect[]): readonly string[] {
  return [
    ...new Set([
      ...disk.flatMap((effect) => (effect.kind === "hidden" ? [effect.message] : [])),
      ...facts.treeChanges
        .filter((change) => change.submodule)
        .map((change) => `${change.path} is a submodule or a nested repository`),
      ...facts.gitChanges.flatMap((change) => explainGitChange(change, facts.currentBranchRef) ?? []),
      ...facts.checkoutDifferences.map((path) => `${path} has other bytes in a fresh checkout`),
    ]),
  ];
}

function explainSource(changed: boolean | null): readonly string[] {
  if (changed === null) return ["nobody could tell whether the source repository is as it was"];
  return changed ? ["the source repository is not as it was before the run"] : [];
}

/** One blocker for each code that something was found for, in the order given: what reaches furthest decides first. */
function toBlockers(
  rows: readonly (readonly [code: FailureCode, lead: string, found: readonly string[], hint?: string | undefined])[],
): readonly Blocker[] {
  return rows.flatMap(([code, lead, found, hint]) =>
    found.length === 0 ? [] : [toBlocker(code, lead + listSome(found), hint)],
  );
}

/** Where another layer than the contract leaves a path out, a line in the contract changes nothing. */
function toUpperHint(judged: readonly { readonly rulings: PathRulings }[]): string | undefined {
  const lacking = judged.find(({ rulings }) => isWithoutRule(rulings))?.rulings.lacking;
  if (lacking === undefined || lacking.layer === "task") return undefined;
  return lacking.layer === "approval"
    ? "The approver narrowed the paths; ask for another approval (`cto run`, `cto approve`) if the change is wanted."
    : `The ${lacking.layer} layer (${lacking.file}) does not list it, whatever the contract says: only its owner can add it to allowed_paths.`;
}

function toChangedFile({ path, change, submodule }: TreeChange, rulings: PathRulings): ChangedFile {
  const { allowed, rule } = decidingRule(rulings);
  return { path, change, allowed: allowed && !submodule, rule };
}
