import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ENGINE_CONTRACT, type Engine } from "@cto/engine-interface";
import { describe, expect, it } from "vitest";
import { createHome } from "../__fixtures__/cli-kit.ts";
import { optionName } from "../program/add-admit-commands.ts";
import { openSetting } from "../setting.ts";
import { checkDraft, missingFields, toAnswers, toDraft, toValue, withDefaults } from "./fill-form.ts";
import { readEngine } from "./read-subject.ts";
import { RECORD_FORMS, type RecordForm, toIdentifier } from "./record-forms.ts";

const now = new Date("2026-06-01T12:00:00.000Z");

function formOf(kind: RecordForm["kind"]): RecordForm {
  const form = RECORD_FORMS.find((one) => one.kind === kind);
  if (form === undefined) throw new Error(kind);
  return form;
}

function draftOf(kind: RecordForm["kind"], options: object, facts: object = {}) {
  const form = formOf(kind);
  const known = withDefaults(form, toAnswers(form, { ...options }, { ...facts }), now);
  return { draft: toDraft(form, known), missing: missingFields(form, known).map(({ option }) => option) };
}

/** An engine that is found: this very Node. */
const engine: Engine = {
  describe: () => ({ contract: ENGINE_CONTRACT, id: "codex", title: "t", needs_model: true, claims: [] }),
  doProbe: async () => ({ kind: "ready", version: "1.2.3", executable: process.execPath, mounts: [] }),
  doRun: () => Promise.reject(new Error("not run here")),
};

describe("the form of an engine", () => {
  it("takes version, digest and path from the probe, and an option over each", async () => {
    const setting = await openSetting(createHome());
    const { facts, note } = await readEngine("codex", [engine], setting);
    const sha256 = createHash("sha256").update(readFileSync(process.execPath)).digest("hex");
    expect(note).toBeNull();
    const { draft, missing } = draftOf("engine", {}, facts);
    expect(draft).toMatchObject({
      id: "codex",
      engine: "codex",
      source: "codex",
      version: "1.2.3",
      sha256,
      path: process.execPath,
      package: null,
    });
    expect(missing).toEqual([
      "identity-command",
      "identity-answer",
      "command-shape",
      "approval-source",
      "review-trigger",
    ]);
    const typed = draftOf("engine", { engineVersion: "9", path: "/x" }, facts).draft;
    expect(typed).toMatchObject({ version: "9", path: "/x", sha256 });
    expect(draftOf("engine", { package: "@a/b" }, facts).draft).toMatchObject({ path: null, package: "@a/b" });
    expect(JSON.stringify(draft)).not.toContain("$");
  });

  it("asks for all of it where the engine is unknown or not found", async () => {
    const setting = await openSetting(createHome());
    const absent: Engine = { ...engine, doProbe: async () => ({ kind: "missing", message: "m", hint: "h" }) };
    for (const [engines, reason] of [
      [[], "this cto has no engine codex"],
      [[absent], "codex is not found on this machine"],
    ] as const) {
      const { facts, note } = await readEngine("codex", engines, setting);
      expect(note).toBe(`${reason}: its version, digest and path must be given`);
      expect(draftOf("engine", {}, facts).missing.slice(0, 3)).toEqual(["path", "engine-version", "sha256"]);
    }
  });
});

describe("a form", () => {
  it.each(RECORD_FORMS)("of kind $kind has an option of its own for every key", ({ fields }) => {
    expect(new Set(fields.map(({ option }) => option)).size).toBe(fields.length);
    expect(new Set(fields.map(({ key }) => key)).size).toBe(fields.length);
  });

  it.each(RECORD_FORMS)("of kind $kind shows an example that makes a whole record", (form) => {
    const words = form.example.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
    expect(words.slice(0, 3)).toEqual(["cto", "admit", form.kind]);
    const typed = words.slice(form.argument === undefined ? 3 : 4);
    const options: Record<string, unknown> = {};
    for (let at = 0; at < typed.length; at += 2) {
      const field = form.fields.find(({ option }) => `--${option}` === typed[at]);
      if (field === undefined) throw new Error(`no option ${typed[at]}`);
      options[optionName(field)] = field.reads === "list" ? [typed[at + 1]] : typed[at + 1];
    }
    const subjects = {
      engine: { engine: "codex", version: "1.2.3", sha256: "a".repeat(64), $path: "/opt/codex" },
      target: { id: "site", target_repository_path: "../site" },
    } as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    const known = withDefaults(form, toAnswers(form, options, subjects[form.kind] ?? {}), now);
    expect(checkDraft(form, toDraft(form, known), now)).toMatchObject({ record: { schema: form.fixed.schema } });
  });

  it("keeps an object that is optional null until one of its fields is given", () => {
    expect(draftOf("model", {}).draft.prices).toBeNull();
    expect(draftOf("model", { inputPrice: "1.5" }).draft.prices).toEqual({ input_usd_per_million: 1.5 });
    expect(draftOf("source", {}).draft).toMatchObject({ conformance: null, licence: {}, previous: null });
  });

  it("takes the present time where none is given", () => {
    expect(draftOf("decision", {}).draft.approval_timestamp).toBe("2026-06-01T12:00:00.000Z");
    expect(draftOf("source", { retrievedAt: "2026-01-01T00:00:00.000Z" }).draft).toMatchObject({
      retrieved_at: "2026-01-01T00:00:00.000Z",
      approval_timestamp: "2026-06-01T12:00:00.000Z",
    });
  });

  it("makes an id of what is known, and none of nothing", () => {
    expect(toIdentifier("Acme Inc.", "large/1 ")).toBe("acme-inc.-large-1");
    expect(toIdentifier("日本", undefined)).toBeUndefined();
    expect(toIdentifier(undefined)).toBeUndefined();
    expect(toIdentifier("x".repeat(300))).toHaveLength(128);
  });

  it("reads texts as their fields want them, and leaves what does not fit for the schema to refuse", () => {
    expect(toValue(" a, b/ ,,c ", "list")).toEqual(["a", "b/", "c"]);
    expect(toValue(" codex  exec ", "words")).toEqual(["codex", "exec"]);
    expect(toValue('["a b", "c"]', "words")).toEqual(["a b", "c"]);
    expect(toValue('["a', "words")).toBe('["a');
    expect([toValue("1.5", "number"), toValue("1e9", "number"), toValue("", "number")]).toEqual([1.5, "1e9", ""]);
    expect([toValue("yes", "flag"), toValue("false", "flag"), toValue("perhaps", "flag")]).toEqual([
      true,
      false,
      "perhaps",
    ]);
    expect(toValue("toString", "flag")).toBe("toString");
  });
});
