import type { TestCounts } from "@cto/evidence-interface";

interface Level {
  readonly indent: number;
  /** How many tests had failed when this level began. */
  readonly failedBefore: number;
  points: number;
  plan: number | undefined;
}

const PLAN = /^1\.\.(\d{1,9})(?: *#.*)?$/;
const POINT = /^(not )?ok\b(.*)$/;
const NOT_COUNTED = /(?:^|[^\\])#\s*(?:skip|todo)/i;

/**
 * Counts the test points of TAP 13 or 14 output. A point that closes a deeper level (a suite, a file) is counted only if it fails and nothing
 * below it did. Points that the plan announces and nobody saw count as failed, and so does a bail-out; todo counts as skipped.
 * Undefined if the text holds no TAP.
 */
export function readTap(text: string): TestCounts | undefined {
  const reader = createTapReader();
  let yamlIndent: number | undefined;
  for (const line of linesOf(text)) {
    const content = line.trim();
    if (content === "") continue;
    const indent = line.length - line.trimStart().length;
    if (yamlIndent !== undefined && indent >= yamlIndent) {
      if (content === "..." && indent === yamlIndent) yamlIndent = undefined;
      continue;
    }
    yamlIndent = content === "---" ? indent : undefined;
    reader.read(indent, content);
  }
  return reader.finish();
}

function createTapReader() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const levels: Level[] = [];
  let seen = false;

  /** Closes the levels deeper than `indent`; the outermost of them tells whether anything failed in there. */
  const closeTo = (indent: number): Level | undefined => {
    let outermost: Level | undefined;
    for (let level = levels.at(-1); level !== undefined && level.indent > indent; level = levels.at(-1)) {
      levels.pop();
      if (level.plan !== undefined) counts.failed += Math.max(0, level.plan - level.points);
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
    else if (failed) counts.failed += 1;
    else counts.passed += 1;
  };
  return {
    read(indent: number, content: string): void {
      const plan = PLAN.exec(content);
      const point = POINT.exec(content);
      const bailed = content.startsWith("Bail out!");
      if (plan === null && point === null && !bailed) return;
      seen = true;
      if (bailed) counts.failed += 1;
      const below = closeTo(indent);
      const level = openLevel(indent);
      if (plan !== null) level.plan = Number(plan[1]);
      if (point === null) return;
      level.points += 1;
      countPoint(point[1] !== undefined, point[2] ?? "", below);
    },
    finish(): TestCounts | undefined {
      closeTo(-1);
      return seen ? counts : undefined;
    },
  };
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    yield text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
  }
}
