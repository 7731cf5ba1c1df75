import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeTargetAdmission, type RecordFile } from "../index.ts";
import { NOW, recordFile, SAMPLES } from "./__fixtures__/sample-records.ts";

const judge = (records: readonly RecordFile[], path = "/srv/site", home = "/srv/plans") =>
  judgeTargetAdmission({ path, home, records, problems: [], now: NOW });

const file = "cto/admissions/target.json";

describe("the admission of a target", () => {
  it("is given by one record that names its path", () => {
    expect(judge([recordFile("target")])).toEqual({
      status: "admitted",
      record: SAMPLES.target,
      file,
      record_sha256: "f".repeat(64),
      problems: [],
      hint: "Nothing is missing.",
      items: [{ kind: "target", id: "site", status: "admitted", record_sha256: "f".repeat(64), problems: [] }],
    });
  });

  it.each([
    ["../site", "/srv/site"],
    ["/srv/site", "/srv/site"],
    ["/srv//x/../site/.", "/srv/site"],
    [".", "/srv/plans"],
    ["vendor/site/", "/srv/plans/vendor/site"],
  ])("reads the path %s from the home as %s", (target_repository_path, path) => {
    expect(judge([recordFile("target", { target_repository_path })], path).status).toBe("admitted");
  });

  it.each([["/srv/Site"], ["/srv/site2"], ["/srv"], ["/srv/site/inner"], ["/site"]])("does not reach to %s", (path) => {
    const judged = judge([recordFile("target")], path);
    expect(judged).toMatchObject({
      status: "missing_admission",
      record: null,
      hint: expect.stringContaining("cto admit target"),
    });
  });

  it("is not given by a record that says no, nor to what lies in .cto", () => {
    expect(judge([recordFile("target", { admission_status: "not_admitted" })])).toMatchObject({
      status: "not_admitted",
      problems: [`${file}: admission_status: expected admitted, seen not_admitted`],
    });
    for (const inside of ["/srv/plans/.cto", "/srv/plans/.cto/disposable/r/repository.git"]) {
      const judged = judge([recordFile("target", { target_repository_path: inside })], inside);
      expect(judged).toMatchObject({
        status: "not_admitted",
        problems: ["the target lies in .cto, where cto keeps its own files"],
      });
    }
  });

  it("is invalid with two records of one path, however they write it", () => {
    const other = recordFile("target", { id: "b", target_repository_path: "/srv/site" }, "b.json");
    expect(judge([recordFile("target"), other])).toMatchObject({
      status: "invalid_admission",
      problems: [`target: expected one record, seen 2: ${file}, b.json`],
    });
  });

  it("never tells a path of this machine: its answer stands in a bundle", () => {
    const answers = [
      judge([]),
      judge([recordFile("target", { target_repository_path: "/srv/other" })]),
      judge([recordFile("target", { target_repository_path: "/srv/site", admission_status: "not_admitted" })]),
      judge([recordFile("target"), recordFile("target")]),
      judge([], "/srv/plans/.cto/x"),
    ];
    for (const { items, problems, hint } of answers)
      expect(JSON.stringify([items, problems, hint])).not.toContain("/srv");
  });

  it("is given to no path but the one that the record resolves to", () => {
    const segment = fc.constantFrom("a", "b", "..", ".", "");
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 6 }),
        fc.array(fc.constantFrom("a", "b"), { maxLength: 4 }),
        (written, path) => {
          const resolved = new URL(`file:///home/h/${written.map((one) => (one === "" ? "." : one)).join("/")}/`)
            .pathname;
          const target_repository_path = written.join("/") || ".";
          const relative = target_repository_path.startsWith("/")
            ? `.${target_repository_path}`
            : target_repository_path;
          const judged = judge(
            [recordFile("target", { target_repository_path: relative })],
            `/home/${path.join("/")}`,
            "/home/h",
          );
          const expected = `${resolved}`.replace(/\/+$/, "") === `/home/${path.join("/")}`.replace(/\/+$/, "");
          expect(judged.status).toBe(expected ? "admitted" : "missing_admission");
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
