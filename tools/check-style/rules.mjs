// @ts-check

/** @typedef {{path: string, text: string}} TrackedFile */
/** @typedef {{line: number, message: string}} Breach `line` counts from 1 */
/** @typedef {{name: string, applies: RegExp, except?: RegExp, find(file: TrackedFile): Breach[]}} Rule */

const source = /\.(?:ts|tsx|mts|mjs|js)$/;
const longestSource = 300;
const longestReadme = 80;

/**
 * Rules on single files. `applies` and `except` are tested against the path from the root, with slashes.
 * The folder of this file is outside of the rules on words: it has to name what it looks for.
 * @type {readonly Rule[]}
 */
export const fileRules = [
  {
    name: "source-length",
    applies: /\.(?:ts|tsx|mts|mjs|js|sh)$|^\.ci\//,
    except: /\/__fixtures__\/|^fixtures\//,
    find: (file) => tooLong(file, longestSource, "split it by concern"),
  },
  {
    name: "readme-length",
    applies: /^(?:packages|apps)\/[^/]+\/README\.md$/,
    find: (file) => tooLong(file, longestReadme, "move what is not needed at first sight to docs/"),
  },
  {
    name: "file-name",
    applies: /(?:^|\/)(?:utils?|helpers?|common|managers?|misc)(?:\.[a-z.]+|\/.*)$/i,
    except: /^fixtures\//,
    find: () => [{ line: 1, message: "this name says nothing: name the file after its main export" }],
  },
  lineRule("export-all", source, /^\s*export\s+\*/, "list the exports by name"),
  {
    ...lineRule("export-default", source, /^\s*export\s+default\b/, "use a named export"),
    except: /\.config\.(?:base\.)?ts$|\/__fixtures__\/|^fixtures\//,
  },
  {
    ...lineRule(
      "exit-code-default",
      source,
      /\b\w*(?:exit|code|status)\w*(?:\(\))?\s*(?:\?\?|\|\|)=?\s*0\b/i,
      "an unknown exit code is not 0: handle every way a process can end",
    ),
    except: /^tools\/check-style\//,
  },
  {
    ...lineRule("leftover", /./, /(?:\/\/|\*|<!--|^\s*#)\s*@?(?:TODO|FIXME|XXX|HACK)\b/, "do it, or write an issue"),
    except: /^tools\/check-style\/|^pnpm-lock\.yaml$/,
  },
  {
    ...lineRule(
      "machine-path",
      /./,
      /(?:^|[^\w.~-])\/(?:root|work|Users\/\w+|home\/(?!cto\b)\w+)\//,
      "a path of somebody's machine: use a relative one",
    ),
    // Tests and gates have to name such paths to show that they are refused.
    except: /^tools\/check-style\/|\.test\.ts$|\/(?:__fixtures__|test)\//,
  },
  {
    ...lineRule(
      "registry-host",
      /./,
      /\bregistry\.[a-z0-9-]+(?:\.[a-z]+)+|^\s*(?:tarball:|"resolved": "http)/,
      "name no package registry: it belongs to the machine",
    ),
    except: /^tools\/check-style\//,
  },
  {
    ...lineRule(
      "attribution",
      /./,
      /\bco-authored-by:|\bgenerated (?:with|by) (?:an? )?(?:ai|assistant|llm)\b/i,
      "say what a thing is, not who or what wrote it",
    ),
    except: /^tools\/check-style\//,
  },
];

/** @param {string} name @param {RegExp} applies @param {RegExp} pattern @param {string} message @returns {Rule} */
function lineRule(name, applies, pattern, message) {
  return {
    name,
    applies,
    find: ({ text }) =>
      text.split("\n").flatMap((line, index) => (pattern.test(line) ? [{ line: index + 1, message }] : [])),
  };
}

/** @param {TrackedFile} file @param {number} most @param {string} advice */
function tooLong({ text }, most, advice) {
  const lines = text.replace(/\n$/, "").split("\n").length;
  return lines > most ? [{ line: most + 1, message: `${lines} lines, at most ${most}: ${advice}` }] : [];
}

/**
 * What a package must have, whatever else is in it.
 * @param {readonly string[]} paths all tracked files
 * @returns {{path: string, message: string}[]}
 */
export function missingFiles(paths) {
  const folders = new Set(paths.flatMap((path) => /^packages\/[^/]+(?=\/package\.json$)/.exec(path) ?? []));
  return [...folders].flatMap((folder) => {
    const own = paths.filter((path) => path.startsWith(`${folder}/`));
    const wanted = [
      { found: own.includes(`${folder}/README.md`), what: "a README.md" },
      { found: own.includes(`${folder}/src/api.test.ts`), what: "src/api.test.ts, which pins its exports" },
      { found: own.some((path) => path.endsWith(".test.ts") && !path.endsWith("/api.test.ts")), what: "a test" },
    ];
    return wanted.flatMap(({ found, what }) =>
      found ? [] : [{ path: `${folder}/package.json`, message: `the package lacks ${what}` }],
    );
  });
}

/**
 * Packages that were never released and that no changeset is about to release.
 * @param {readonly TrackedFile[]} files all tracked files
 * @returns {{path: string, message: string}[]}
 */
export function unreleasedPackages(files) {
  const changesets = files.filter(({ path }) => /^\.changeset\/[^/]+\.md$/.test(path)).map(({ text }) => text);
  const manifests = files.filter(({ path }) => /^(?:packages|apps)\/[^/]+\/package\.json$/.test(path));
  return manifests.flatMap(({ path, text }) => {
    const { name, version, private: isPrivate } = JSON.parse(text);
    const announced = changesets.some((changeset) => changeset.includes(`"${name}":`));
    if (isPrivate || announced || version !== "0.0.0") return [];
    return [{ path, message: `${name} was never released: add a changeset that says what it is` }];
  });
}
