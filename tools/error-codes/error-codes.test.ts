import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FINDING_CODES } from "../../packages/evidence-interface/src/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const packages = globSync(["packages/*", "apps/*"], { cwd: root }).filter((folder) =>
  existsSync(`${root}${folder}/package.json`),
);
const code = "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+";

/** The codes of the tables of a README: rows that begin with a code, or with several. */
function documentedCodes(markdown: string): readonly string[] {
  const rows = markdown.matchAll(new RegExp(`^\\| *(\`${code}\`(?:, \`${code}\`)*) *\\|`, "gm"));
  return [...rows].flatMap(([, cell = ""]) => cell.match(new RegExp(code, "g")) ?? []);
}

/** The codes of a source: those of a closed union of codes, and those that a CtoError is made with. */
function codesOf(source: string): readonly string[] {
  const unions = source.match(/\btype \w*ErrorCode =[^;]*;/g) ?? [];
  const made = source.match(/\bnew CtoError(?:<[^>]*>)?\(\s*"[^"]*"/g) ?? [];
  const found = [...unions, ...made].flatMap((text) => text.match(new RegExp(`(?<=")${code}(?=")`, "g")) ?? []);
  return [...new Set(found)].sort();
}

/** What a package throws. Codes of findings are returned, and stand in a table of their own. */
function thrownCodes(folder: string): readonly string[] {
  const files = globSync(`${folder}/src/**/*.ts`, { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  const text = files.map((file) => readFileSync(`${root}${file}`, "utf8")).join("\n");
  return codesOf(text).filter((one) => !Object.hasOwn(FINDING_CODES, one));
}

const readmes = packages.map((folder) => ({
  folder,
  codes: documentedCodes(readFileSync(`${root}${folder}/README.md`, "utf8")),
}));

describe("error codes", () => {
  it.each(readmes)("$folder documents exactly the codes that it throws", ({ folder, codes }) => {
    expect([...codes].sort()).toEqual(thrownCodes(folder));
  });

  it("belong to one package each, and none is a finding of the verifier", () => {
    const all = [...readmes.flatMap(({ codes }) => codes), ...Object.keys(FINDING_CODES)];
    expect(all.filter((one, index) => all.indexOf(one) !== index)).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });

  it("are read from every way of writing them", () => {
    expect(documentedCodes("| code | x |\n| --- | --- |\n| `A_B`   | x |\n| `not` | y |\n|`C_D_2`| z |\n")).toEqual([
      "A_B",
      "C_D_2",
    ]);
    const source =
      'type XErrorCode =\n  | "A_B"\n  | "C_D";\nthrow new CtoError(\n  "E_F", `m`);\nnew CtoError<"G_H">("G_H", "I_J");';
    expect(codesOf(source)).toEqual(["A_B", "C_D", "E_F", "G_H"]);
  });
});
