import type * as z from "zod";

/** True only for a value that the schema takes as it stands; false says nothing. */
export type ShapeCheck = (value: unknown) => boolean;

type Schema = z.core.$ZodType;

const refuse: ShapeCheck = () => false;

/**
 * A quick check out of a zod schema, for values that JSON.parse made. What it accepts zod accepts too, and answers with an equal value; what it
 * refuses zod must judge. It reads the schema's own definition, so there is no second truth; a definition that it does not know it refuses.
 */
export function toShapeCheck(schema: Schema): ShapeCheck {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return def.coerce || "format" in def ? refuse : stringCheck(toLimits(def.checks));
    case "number":
      return def.coerce ? refuse : numberCheck(toLimits(def.checks), "format" in def ? def.format : "finite");
    case "boolean":
      return def.coerce || hasChecks(def) ? refuse : (value) => typeof value === "boolean";
    case "null":
      return hasChecks(def) ? refuse : (value) => value === null;
    case "unknown":
      return hasChecks(def) ? refuse : () => true;
    case "literal":
      return hasChecks(def) ? refuse : memberCheck(new Set<unknown>(def.values));
    case "enum":
      return hasChecks(def) ? refuse : memberCheck(new Set<unknown>(Object.values(def.entries).filter(isString)));
    case "nullable":
      return hasChecks(def) ? refuse : nullOr(toShapeCheck(def.innerType));
    case "array":
      return arrayCheck(toShapeCheck(def.element), toLimits(def.checks));
    case "record":
      return hasChecks(def) || def.keyType._zod.def.type !== "string" || hasChecks(def.keyType._zod.def)
        ? refuse
        : recordCheck(toShapeCheck(def.valueType));
    case "object":
      return hasChecks(def) ? refuse : objectCheck(def);
    case "union":
      return hasChecks(def) ? refuse : unionCheck(def.options.map(toShapeCheck));
    case "lazy":
      return hasChecks(def) ? refuse : lazyCheck(def.getter);
    default:
      return refuse;
  }
}

/** What the checks of a string, number or array ask for; undefined if one of them is unknown here. */
interface Limits {
  readonly patterns: readonly RegExp[];
  /** Code points, items or the number itself; all bounds count. */
  readonly least: number;
  readonly most: number;
}

function hasChecks(def: z.core.$ZodTypeDef): boolean {
  return (def.checks?.length ?? 0) > 0;
}

function toLimits(checks: readonly z.core.$ZodCheck[] = []): Limits | undefined {
  const patterns: RegExp[] = [];
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (const check of checks) {
    const { def } = (check as z.core.$ZodChecks)._zod;
    if (def.check === "string_format" && def.format === "regex" && isStateless(def.pattern)) patterns.push(def.pattern);
    else if (def.check === "min_length") least = Math.max(least, def.minimum);
    else if (def.check === "max_length") most = Math.min(most, def.maximum);
    else if (def.check === "greater_than" && def.inclusive && typeof def.value === "number")
      least = Math.max(least, def.value);
    else if (def.check === "less_than" && def.inclusive && typeof def.value === "number")
      most = Math.min(most, def.value);
    else return undefined;
  }
  return { patterns, least, most };
}

function isStateless(pattern: RegExp | undefined): pattern is RegExp {
  return pattern !== undefined && !pattern.global && !pattern.sticky;
}

function stringCheck(limits: Limits | undefined): ShapeCheck {
  if (limits === undefined) return refuse;
  const { patterns, most } = limits;
  // zod counts code points: of n units there are n / 2 at least.
  const least = limits.least > 1 ? limits.least * 2 : limits.least;
  const [pattern, ...more] = patterns;
  if (pattern === undefined)
    return (value) => typeof value === "string" && value.length >= least && value.length <= most;
  return (value) =>
    typeof value === "string" &&
    value.length >= least &&
    value.length <= most &&
    pattern.test(value) &&
    more.every((other) => other.test(value));
}

function numberCheck(limits: Limits | undefined, format: unknown): ShapeCheck {
  if (limits === undefined || (format !== "finite" && format !== "safeint")) return refuse;
  const { least, most } = limits;
  const isKind: ShapeCheck = format === "finite" ? Number.isFinite : Number.isSafeInteger;
  return (value) => isKind(value) && (value as number) >= least && (value as number) <= most;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function memberCheck(members: ReadonlySet<unknown>): ShapeCheck {
  return (value) => members.has(value);
}

function nullOr(check: ShapeCheck): ShapeCheck {
  return (value) => value === null || check(value);
}

function arrayCheck(check: ShapeCheck, limits: Limits | undefined): ShapeCheck {
  if (limits === undefined) return refuse;
  const { least, most } = limits;
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return false;
    for (let index = 0; index < value.length; index += 1) if (!check(value[index])) return false;
    return true;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordCheck(check: ShapeCheck): ShapeCheck {
  return (value) => {
    if (!isObject(value)) return false;
    for (const key in value) {
      // zod leaves the first out of what it answers, and takes an object with the second for no plain one.
      if (key === "__proto__" || key === "constructor" || !check(value[key])) return false;
    }
    return true;
  };
}

function objectCheck(def: z.core.$ZodObjectDef): ShapeCheck {
  const fields = new Map<string, { readonly check: ShapeCheck; readonly required: boolean }>();
  let needed = 0;
  for (const [key, schema] of Object.entries(def.shape)) {
    const inner = (schema as z.core.$ZodTypes)._zod.def;
    const optional = inner.type === "optional" && !hasChecks(inner);
    if (!optional) needed += 1;
    fields.set(key, { check: toShapeCheck(optional ? inner.innerType : schema), required: !optional });
  }
  const rest = def.catchall?._zod.def.type === "unknown" ? "kept" : "refused";
  return (value) => {
    if (!isObject(value)) return false;
    let missing = needed;
    for (const key in value) {
      const field = fields.get(key);
      if (field === undefined) {
        if (rest === "refused" || key === "__proto__") return false;
      } else {
        if (!field.check(value[key])) return false;
        if (field.required) missing -= 1;
      }
    }
    return missing === 0;
  };
}

function unionCheck(options: readonly ShapeCheck[]): ShapeCheck {
  return (value) => {
    for (const option of options) if (option(value)) return true;
    return false;
  };
}

/** A schema may refer to itself: what it refers to is read when a value gets that deep. */
function lazyCheck(getter: () => Schema): ShapeCheck {
  let check: ShapeCheck | undefined;
  return (value) => {
    check ??= toShapeCheck(getter());
    return check(value);
  };
}
