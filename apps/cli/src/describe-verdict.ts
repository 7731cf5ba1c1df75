/** A verdict in a few words. */
export function describeVerdict(verdict: string): string {
  if (verdict === "unsigned") return "intact and consistent; not signed";
  return verdict;
}
