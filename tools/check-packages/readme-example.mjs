// @ts-check

/**
 * The text of the first `ts` fence of a Markdown page, or undefined.
 * @param {string} markdown
 */
export function readExample(markdown) {
  return /^```ts\s*\n(.*?)^```\s*$/ms.exec(markdown)?.[1];
}

/**
 * The modules that an example imports although it may only import its own package and Node's modules.
 * @param {string} example
 * @param {string} own name of the package
 */
export function foreignImports(example, own) {
  const specifiers = [...example.matchAll(/\b(?:from\s+|import\s*\(?\s*)["']([^"']+)["']/g)].map(
    ([, specifier]) => specifier ?? "",
  );
  return specifiers.filter(
    (specifier) => !specifier.startsWith("node:") && specifier !== own && !specifier.startsWith(`${own}/`),
  );
}
