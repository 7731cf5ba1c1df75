import { ALWAYS_FORBIDDEN_ACTIONS, SCHEMAS, timestampSchema } from "@cto/evidence-interface";
import { namesGitDirectory, patternProblem } from "../policy/path-pattern.ts";
import { type ValuePath, valueAt } from "../schema-lookup.ts";
import type { ShapeProblem } from "./record-shape.ts";

/** What a schema cannot state: real dates that are not ahead of `now`, path patterns, fields that must fit each other. */
export function findRuleBreaches(record: Readonly<Record<string, unknown>>, now: Date): readonly ShapeProblem[] {
  return [
    ...findDateProblems(record, now),
    ...(record.schema === SCHEMAS.executableAdmission ? checkExecutable(record) : []),
    ...(record.schema === SCHEMAS.sourceAdmission ? checkSource(record) : []),
    ...(record.schema === SCHEMAS.targetAdmission ? checkTarget(record) : []),
    ...(record.schema === SCHEMAS.modelAdmission ? checkModel(record) : []),
  ];
}

const DATES = [["approval_timestamp"], ["retrieved_at"], ["conformance", "passed_at"]] as const;

/** The dates of a record that the calendar does not have, or that are ahead of `now`. */
export function findDateProblems(record: Readonly<Record<string, unknown>>, now: Date): readonly ShapeProblem[] {
  return DATES.flatMap((path) => {
    const value = valueAt(record, path);
    if (!timestampSchema.safeParse(value).success) return [];
    const date = new Date(String(value));
    // Date takes the 30th of February for the 2nd of March.
    if (Number.isNaN(date.getTime()) || date.toISOString() !== value)
      return [breach(path, `is ${value}, expected a day that the calendar has`, "Correct the date.")];
    if (date <= now) return [];
    return [
      breach(
        path,
        `is ${value}, which is ahead of the present time, expected ${now.toISOString()} or earlier`,
        "Write the time at which it happened; check this machine's clock.",
      ),
    ];
  });
}

function checkExecutable({ engine, package: name, path }: Readonly<Record<string, unknown>>): readonly ShapeProblem[] {
  const breaches: ShapeProblem[] = [];
  if (engine === "fake") {
    const hint = "Remove the record; to keep the fake from running, leave it out of a policy layer's engines.";
    breaches.push(breach(["engine"], "is fake, which is built in, expected another engine", hint));
  }
  const isText = typeof path === "string" && typeof name === "string";
  if (isText || (path === null && name === null)) {
    const seen = path === null ? "is null and so is package" : "stands beside package";
    breaches.push(
      breach(["path"], `${seen}, expected exactly one of the two`, "Name the program once, the other is null."),
    );
  }
  return breaches;
}

/** A model is asked for as PROVIDER/MODEL: a name that cannot be typed there would admit nothing. */
function checkModel({ model, provider }: Readonly<Record<string, unknown>>): readonly ShapeProblem[] {
  const hint = "`cto run --model PROVIDER/MODEL` has to be able to name it.";
  const breaches: ShapeProblem[] = [];
  if (typeof provider === "string" && /[/\s]/.test(provider))
    breaches.push(breach(["provider"], "holds a slash or a blank, expected a plain name", hint));
  if (typeof model === "string" && /\s/.test(model))
    breaches.push(breach(["model"], "holds a blank, expected the model's exact name", hint));
  return breaches;
}

function checkSource({ id, previous }: Readonly<Record<string, unknown>>): readonly ShapeProblem[] {
  if (typeof id !== "string" || id !== previous) return [];
  const hint = "A changed pin is a record of its own: give it a new id and keep the old record.";
  return [
    breach(["previous"], "is the record's own id, expected the id of the record that it replaces, or null", hint),
  ];
}

function checkTarget(record: Readonly<Record<string, unknown>>): readonly ShapeProblem[] {
  const lists = [
    ...checkPatterns(record.allowed_paths, "allowed_paths", true),
    ...checkPatterns(record.forbidden_paths, "forbidden_paths", false),
  ];
  const { forbidden_actions: actions } = record;
  const missing = Array.isArray(actions) ? ALWAYS_FORBIDDEN_ACTIONS.filter((action) => !actions.includes(action)) : [];
  if (missing.length === 0) return lists;
  return [
    ...lists,
    breach(
      ["forbidden_actions"],
      `lacks ${missing.join(", ")}, expected all actions that are always forbidden`,
      "A target admission must forbid all of these.",
    ),
  ];
}

function checkPatterns(list: unknown, key: string, permits: boolean): readonly ShapeProblem[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((pattern, index) => {
    if (typeof pattern !== "string") return [];
    const git = permits && namesGitDirectory(pattern) ? "a path outside .git, which is always forbidden" : undefined;
    const expected = patternProblem(pattern) ?? git;
    return expected === undefined
      ? []
      : [breach([key, index], `is no pattern, expected ${expected}`, `Expected ${expected}.`)];
  });
}

function breach(path: ValuePath, message: string, hint: string): ShapeProblem {
  return { path, message, hint };
}
