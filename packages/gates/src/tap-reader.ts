import type { TestCounts } from "@cto/evidence-interface";

interface Level {
  readonly indent: number;
  /** How many tests had failed when this level began. */
  readonly failedBefore: number;
  points: number;
  plan: number | undefined;
}

/** Reads TAP 13 or 14 line by line. What it keeps grows with the depth of the nesting only, and that is bounded. */
export interface TapReader {
  /** Takes the next line, without its line feed. */
  addLine(line: string): void;
  /** The counts, undefined if no line was TAP. No line may follow. */
  finish(): TestCounts | undefined;
}

const PLAN = /^1\.\.(\d{1,9})(?: *#.*)?$/;
const POINT = /^(not )?ok\b(.*)$/;
const NOT_COUNTED = /(?:^|[^\\])#\s*(?:skip|todo)/i;
/** What is indented further counts as indented so far: 256 levels of TAP 14. */
const MAX_INDENT = 1024;
/** The largest plan that is read. */
const MAX_FAILED = 999_999_999;

/**
 * Counts test points. A point that closes a deeper level (a suite, a file) is counted only if it fails and nothing below it did. Points that
 * the plan announces and nobody saw count as failed, and so does a bail-out; todo counts as skipped. YAML diagnostics are passed over.
 */
export function createTapReader(): TapReader {
  const counter = createPointCounter();
  let yamlIndent: number | undefined;
  return {
    addLine(line) {
      const content = line.trim();
      if (content === "") return;
      const indent = Math.min(line.length - line.trimStart().length, MAX_INDENT);
      if (yamlIndent !== undefined && indent >= yamlIndent) {
        if (content === "..." && indent === yamlIndent) yamlIndent = undefined;
        return;
      }
      yamlIndent = content === "---" ? indent : undefined;
      counter.read(indent, content);
    },
    finish: counter.finish,
  };
}

function createPointCounter() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const levels: Level[] = [];
  let seen = false;

  // Announcing points costs nothing, so the sum of all plans could outgrow the whole numbers that JSON carries.
  const addFailed = (count: number): void => {
    counts.failed = Math.min(counts.failed + count, MAX_FAILED);
  };
  /** Closes the levels deeper than `indent`; the outermost of them tells whether anything failed in there. */
  const closeTo = (indent: number): Level | undefined => {
    let outermost: Level | undefined;
    for (let level = levels.at(-1); level !== undefined && level.indent > indent; level = levels.at(-1)) {
      levels.pop();
      if (level.plan !== undefined) addFailed(Math.max(0, level.plan - level.points));
      outermost = level;
    }
    return outermost;
  };
  const openLevel = (indent: number): Level => {
    const last = levels.at(-1);
    if (last?.indent === indent) return last;
    const level = { indent, failedBefore: counts.failed, points: 0, plan: undefined };
    levels.push(level);
    return level;
  };
  const countPoint = (failed: boolean, description: string, below: Level | undefined): void => {
    if (below !== undefined && (!failed || counts.failed > below.failedBefore)) return;
    if (NOT_COUNTED.test(description)) counts.skipped += 1;
    else if (failed) addFailed(1);
    else counts.passed += 1;
  };
  return {
    read(indent: number, content: string): void {
      const plan = PLAN.exec(content);
      const point = POINT.exec(content);
      const bailed = content.startsWith("Bail out!");
      if (plan === null && point === null && !bailed) return;
      seen = true;
      if (bailed) addFailed(1);
      const below = closeTo(indent);
      const level = openLevel(indent);
      if (plan !== null) level.plan = Number(plan[1]);
      if (point === null) return;
      level.points += 1;
      countPoint(point[1] !== undefined, point[2] ?? "", below);
    },
    finish(): TestCounts | undefined {
      closeTo(-1);
      return seen ? { ...counts } : undefined;
    },
  };
}
