import type { TestCounts } from "@cto/evidence-interface";

/**
 * Counts the test cases of a JUnit XML report by the elements inside each: `failure` or `error`, `skipped`, or none. Entities are never
 * expanded, and a document type is refused. Undefined if the text is not one complete XML document with a test suite.
 */
export function readJunit(text: string): TestCounts | undefined {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const open: string[] = [];
  let suites = 0;
  let outcome: keyof typeof counts = "passed";
  for (const tag of tagsOf(text)) {
    if (tag.kind === "broken") return undefined;
    if (tag.kind === "close") {
      if (open.pop() !== tag.name) return undefined;
      if (tag.name === "testcase") counts[outcome] += 1;
      continue;
    }
    if (tag.name === "testsuite" || tag.name === "testsuites") suites += 1;
    else if (open.length === 0) return undefined;
    if (tag.name === "testcase") outcome = "passed";
    else if (open.at(-1) === "testcase" && outcome !== "failed") outcome = toOutcome(tag.name) ?? outcome;
    if (tag.kind === "open") open.push(tag.name);
    else if (tag.name === "testcase") counts.passed += 1;
  }
  return open.length === 0 && suites > 0 ? counts : undefined;
}

function toOutcome(element: string): "failed" | "skipped" | undefined {
  if (element === "failure" || element === "error") return "failed";
  return element === "skipped" ? "skipped" : undefined;
}

interface Tag {
  readonly kind: "open" | "close" | "empty" | "broken";
  readonly name: string;
}

const BROKEN: Tag = { kind: "broken", name: "" };

/** The element tags of a text, in order. Comments, CDATA and processing instructions are passed over. */
function* tagsOf(text: string): Generator<Tag> {
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at)) {
    const skipped = SKIPPED.find(([opening]) => text.startsWith(opening, at));
    if (skipped !== undefined) {
      const end = text.indexOf(skipped[1], at + skipped[0].length);
      if (end < 0) return yield BROKEN;
      at = end + skipped[1].length;
      continue;
    }
    const end = endOfTag(text, at + 1);
    const name = /^[A-Za-z_][\w.:-]*/.exec(text.slice(at + 1, at + 200).replace(/^\//, ""))?.[0];
    if (end < 0 || name === undefined) return yield BROKEN;
    const kind = text.charAt(at + 1) === "/" ? "close" : text.charAt(end - 1) === "/" ? "empty" : "open";
    yield { kind, name };
    at = end + 1;
  }
}

const SKIPPED = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
] as const;

/** The closing `>` of a tag: one inside quotes is part of an attribute. */
function endOfTag(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === ">") return at;
    if (char === "<") return -1;
    if (char !== '"' && char !== "'") continue;
    at = text.indexOf(char, at + 1);
    if (at < 0) return -1;
  }
  return -1;
}
