import { pathTextToName } from "@cto/evidence-interface";
import type { DiskChange } from "./effect-facts.ts";
import type { CompiledPolicy } from "./policy/compile-policy.ts";
import { isGitName, isPlainText, mayNameGit } from "./policy/git-name.ts";
import { isByProduct, isForbiddenPath } from "./policy/path-policy.ts";

/** What a change on the disk amounts to, beside what the tree shows. */
export type DiskEffect =
  | { readonly kind: "explained" }
  | { readonly kind: "by-product"; readonly path: string }
  | { readonly kind: "forbidden"; readonly path: string }
  | { readonly kind: "hidden"; readonly message: string };

/** What the changes of one run have in common. */
export interface DiskContext {
  readonly policy: CompiledPolicy;
  /** Paths that the tree shows to have changed. */
  readonly inTree: ReadonlySet<string>;
  /** Names (not path texts) of the directories that something changed in; asked only about new directories. */
  readonly touched: ReadonlySet<string>;
}

const EXPLAINED: DiskEffect = { kind: "explained" };

/** Judges one change: it is part of the patch, or left behind by a tool and new, or hidden. */
export function judgeDiskChange(change: DiskChange, context: DiskContext): DiskEffect {
  const { path, kindBefore, kindAfter } = change;
  const isInTree = context.inTree.has(path);
  const odd = explainOddEntry(change);
  if (isInTree && odd === undefined) return EXPLAINED;
  const nested = nestedRepository(path);
  if (nested !== undefined)
    return isInTree ? EXPLAINED : hidden(`${nested} is a nested repository, or may be taken for one`);
  if (odd !== undefined) return hidden(`${path} ${odd}`);
  if (isDirectoryOnly(change)) return judgeDirectory(change, context);
  const was = change.ignored ? "ignored by git and " : "";
  if (kindBefore !== null)
    return hidden(`${path} was there before, is ${was}not in the patch, and was ${verbOf(change)}`);
  if (kindAfter === null) return EXPLAINED;
  return judgeNewEntry(change, context);
}

function judgeDirectory(change: DiskChange, { policy, touched }: DiskContext): DiskEffect {
  if (change.change === "mode-changed") return hidden(`${change.path}/ has another mode, which a patch does not show`);
  const isEmptyAndNew = change.kindBefore === null && !touched.has(pathTextToName(change.path) ?? "");
  if (!isEmptyAndNew) return EXPLAINED;
  return isForbiddenPath(policy, change.path)
    ? { kind: "forbidden", path: change.path }
    : { kind: "by-product", path: withSlash(change.path) };
}

function judgeNewEntry(change: DiskChange, { policy }: DiskContext): DiskEffect {
  if (isByProduct(policy, change.path)) return { kind: "by-product", path: change.path };
  if (!change.ignored) return hidden(`${change.path} is new, and neither in the patch nor ignored by git`);
  // Protected paths are compared by blob: what git ignores is no part of them.
  if (isForbiddenPath(policy, change.path)) return { kind: "forbidden", path: change.path };
  return { kind: "by-product", path: change.path };
}

function isDirectoryOnly({ kindBefore, kindAfter }: DiskChange): boolean {
  const kinds = [kindBefore, kindAfter].filter((kind) => kind !== null);
  return kinds.length > 0 && kinds.every((kind) => kind === "directory");
}

function explainOddEntry({ path, kindAfter, linkCount, symlinkTarget }: DiskChange): string | undefined {
  if (kindAfter === "other") return "is a fifo, a socket or a device";
  if (kindAfter !== "directory" && linkCount > 1)
    return `has ${linkCount} hard links, so its content can be changed from elsewhere`;
  if (kindAfter !== "symlink") return undefined;
  const target = symlinkTarget === null ? undefined : pathTextToName(symlinkTarget);
  if (target === undefined) return "is a link whose target could not be read";
  return staysInside(path, target) ? undefined : `is a link that leads out of the work tree, or may: ${target}`;
}

/** `..` is safe in front only: after a name, which may itself be a link, nobody can say where it leads without following it. */
function staysInside(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/")) return false;
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  const ups = names.findIndex((name) => name !== "..");
  const climbed = ups < 0 ? names.length : ups;
  const depth = (pathTextToName(path) ?? "").split("/").length - 1;
  const rest = names.slice(climbed);
  return climbed <= depth && !rest.includes("..") && !rest.some(isGitName);
}

/** The path up to the name that is, or may be taken for, `.git`. */
function nestedRepository(path: string): string | undefined {
  const name = pathTextToName(path);
  if (name === undefined) return path;
  if (!mayNameGit(name, isPlainText(name))) return undefined;
  const names = name.split("/");
  const index = names.findIndex(isGitName);
  return index < 0 ? undefined : names.slice(0, index + 1).join("/");
}

function verbOf({ change }: DiskChange): string {
  return change === "added" ? "replaced" : change.replace("-", " ");
}

function withSlash(path: string): string {
  return path.endsWith('"') ? `${path.slice(0, -1)}/"` : `${path}/`;
}

function hidden(message: string): DiskEffect {
  return { kind: "hidden", message };
}
