/** True for two digest objects with equal fields, and for two nulls. */
export function sameDigests(left: object | null, right: object | null): boolean {
  if (left === null || right === null) return left === right;
  const other: Readonly<Record<string, unknown>> = { ...right };
  return Object.entries(left).every(([key, value]) => other[key] === value);
}
