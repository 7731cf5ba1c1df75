import fc from "fast-check";
import type { PolicyLayer, PolicyLayerName, PolicySays } from "../../index.ts";

const LAYERS = ["organisation", "repository", "target", "task", "approval"] as const;

/** A layer of a file that is named after it. */
export function layerOf(layer: PolicyLayerName, says: PolicySays, places: PolicyLayer["places"] = new Map()): PolicyLayer {
  return { layer, file: `${layer}.yaml`, says, places };
}

const letter = fc.constantFrom("a", "b", "*");
const patternName = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: letter, minLength: 1, maxLength: 3 }).filter((text) => !text.includes("**")) },
  { weight: 1, arbitrary: fc.constant("**") },
);

/** Small well-formed patterns over few letters, so that they overlap often. */
export const patterns = fc
  .tuple(fc.array(patternName, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "/"))
  .map(([names, end]) => names.join("/") + end);

const pathName = fc.string({ unit: fc.constantFrom("a", "b", "c", "A"), minLength: 1, maxLength: 3 });
export const paths = fc.array(pathName, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));

const few = <Item>(items: fc.Arbitrary<Item>, maxLength = 3) => fc.option(fc.array(items, { maxLength }), { nil: undefined });
export const engineNames = fc.constantFrom("fake", "codex", "pi");

const says: fc.Arbitrary<PolicySays> = fc.record({
  allowed_paths: few(patterns),
  forbidden_paths: few(patterns),
  protected_paths: few(patterns),
  forbidden_actions: few(fc.constantFrom("push", "merge")),
  by_products: few(patterns),
  engines: few(engineNames),
  stage: fc.constantFrom(undefined, 1, 2, 3, 4, 5, 6),
  network: fc.constantFrom(undefined, "none", "gateway"),
  budget: fc.option(
    fc.record({
      wall_seconds: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
      tokens: fc.option(fc.integer({ min: 1, max: 900 })),
    }),
    { nil: undefined },
  ),
});

/** Any subset of the layers, in any order. */
export const stacks: fc.Arbitrary<readonly PolicyLayer[]> = fc
  .shuffledSubarray([...LAYERS], { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((name) => says.map((what) => layerOf(name, what)))));

/** The same layers in another order. */
export function shuffled(stack: readonly PolicyLayer[]): fc.Arbitrary<readonly PolicyLayer[]> {
  return fc.shuffledSubarray([...stack], { minLength: stack.length, maxLength: stack.length });
}
