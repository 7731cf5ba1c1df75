// @ts-check
import { compilePolicy, judgeEffects } from "../packages/gates/src/index.ts";

const rules = 1000;
const sizes = [50_000, 100_000, 200_000];
const measured = 100_000;
const barMs = 200;
/** Four times the paths may take this much longer: linear, with room for the garbage collector; quadratic would be 16. */
const growthBar = 6;
/** The work is pure and needs one core: the fastest round is the one that nobody disturbed. */
const rounds = 15;
const layerNames = /** @type {const} */ (["organisation", "repository", "task", "approval"]);

/** One decision of the effect gate: 1,000 rules in four layers, compiled anew each time, against changes that tree and disk both show. */
export async function benchGateDecision() {
  const layers = makeLayers();
  const took = sizes.map((size) => {
    const changes = makeChanges(size);
    decide(layers, changes);
    return Math.min(...Array.from({ length: rounds }, () => decide(layers, changes)));
  });
  const ms = took[sizes.indexOf(measured)] ?? Number.NaN;
  const growth = (took.at(-1) ?? Number.NaN) / (took[0] ?? Number.NaN);
  const within = ms < barMs && growth < growthBar;
  console.log(
    `${within ? "ok  " : "OVER"} gate decision, ${rules} rules in four layers: ` +
      `${sizes.map((size, index) => `${size} paths ${took[index]?.toFixed(0)} ms`).join(", ")}; ` +
      `bar ${barMs} ms at ${measured}; four times the paths ${growth.toFixed(2)} times the time (bar ${growthBar}); fastest of ${rounds}`,
  );
  return within;
}

/** @param {ReturnType<typeof makeLayers>} layers @param {ReturnType<typeof makeChanges>} changes */
function decide(layers, changes) {
  const began = performance.now();
  const { blockers } = judgeEffects({
    ...changes,
    policy: compilePolicy(layers),
    diffRequired: true,
    gitChanges: [],
    currentBranchRef: "refs/heads/main",
    sourceChanged: false,
    checkoutDifferences: [],
    secretMatches: [],
  });
  const took = performance.now() - began;
  if (blockers.map(({ code }) => code).join() !== "forbidden_path_change,disallowed_file_change")
    throw new Error(`decided otherwise: ${JSON.stringify(blockers)}`);
  return took;
}

/** A quarter of the rules in each layer: of them most permit and some forbid, as literal paths, directories and patterns. */
function makeLayers() {
  return layerNames.map((layer) => {
    const each = rules / layerNames.length;
    const allowed_paths = Array.from({ length: each * 0.6 }, (_, n) =>
      n % 3 === 0 ? `packages/p${n}/**/*.ts` : n % 3 === 1 ? `packages/p${n}/` : `packages/*/src/area-${n}/*.js`,
    );
    const forbidden_paths = Array.from({ length: each * 0.4 }, (_, n) =>
      n % 2 === 0 ? `packages/p${n}/secret-${layer}/` : `**/${layer}-${n}.lock`,
    );
    return { layer, file: `${layer}.yaml`, says: { allowed_paths, forbidden_paths }, places: new Map() };
  });
}

/** Files that are allowed but for one in a thousand: for half of those there is no rule, the others are forbidden. In order, as git lists them. @param {number} count */
function makeChanges(count) {
  const paths = Array.from({ length: count }, (_, n) => {
    if (n % 2000 === 0) return `lib/file-${n}.ts`;
    if (n % 2000 === 1000) return `packages/p0/secret-organisation/file-${n}.ts`;
    return `packages/p${(n % 50) * 3}/src/folder-${n % 300}/Component-${n}.ts`;
  }).sort();
  return {
    treeChanges: paths.map((path) => ({
      path,
      change: /** @type {const} */ ("modified"),
      oldMode: "100644",
      newMode: "100644",
      submodule: false,
    })),
    diskChanges: paths.map((path) => ({
      path,
      change: /** @type {const} */ ("modified"),
      kindBefore: /** @type {const} */ ("file"),
      kindAfter: /** @type {const} */ ("file"),
      linkCount: 1,
      symlinkTarget: null,
      ignored: false,
    })),
  };
}
