import * as z from "zod";

/** The literal `schema` value of a fake script. */
export const FAKE_SCRIPT_SCHEMA = "cto.fake-script.v1";

const noNul = (text: string) => !text.includes("\0");
const path = z.string().min(1).max(4096).refine(noNul, "a path holds no NUL");
const argument = z.string().refine(noNul, "an argument holds no NUL");
const argv = z.array(argument).min(1);
const base64 = z.base64("expected base64 with padding");
const mode = z.string({ error: 'expected an octal mode in quotes, such as "0755"' }).regex(/^0?[0-7]{3,4}$/, {
  error: 'expected an octal mode in quotes, such as "0755"',
});
const count = z.int().min(0);

const place = { path: path.optional(), path_base64: base64.min(1).optional() };
const content = { text: z.string().optional(), base64: base64.optional() };
const onePlace = (value: { readonly path?: unknown; readonly path_base64?: unknown }) =>
  (value.path === undefined) !== (value.path_base64 === undefined);
const oneContent = (value: { readonly text?: unknown; readonly base64?: unknown }) =>
  (value.text === undefined) !== (value.base64 === undefined);
const needsPlace = { error: "expected exactly one of path and path_base64", when: () => true };
const needsContent = { error: "expected exactly one of text and base64", when: () => true };

// The outcomes of the engine contract that an engine itself can tell.
const failures = [
  "failed",
  "reviewer-rejected",
  "protocol-error",
  "provider-unavailable",
  "provider-auth",
  "provider-config",
  "provider-response-shape",
] as const;

const signals = ["SIGABRT", "SIGHUP", "SIGINT", "SIGKILL", "SIGQUIT", "SIGSEGV", "SIGSTOP", "SIGTERM"] as const;

/** The argument of each action: the whole language. The README says what each one does. */
export const fakeActions = {
  patch: z.string().min(1),
  write: z
    .strictObject({ ...place, ...content, mode: mode.optional(), mkdir: z.boolean().optional() })
    .refine(onePlace, needsPlace)
    .refine(oneContent, needsContent),
  append: z.strictObject({ path, ...content }).refine(oneContent, needsContent),
  delete: path,
  chmod: z.strictObject({ path, mode }),
  symlink: z.strictObject({ path, target: path }),
  hardlink: z.strictObject({ path, target: path }),
  fifo: path,
  rename: z.strictObject({ from: path, to: path }),
  fill: z.strictObject({ path, bytes: count }),
  run: z.strictObject({
    argv,
    env: z.record(z.string().min(1), argument).optional(),
    ok_to_fail: z.boolean().optional(),
  }),
  spawn: z.strictObject({ argv, keep_stdout: z.boolean().optional() }),
  commit: argument.min(1),
  sleep: z.number().min(0).max(86_400),
  print: z
    .strictObject({ stream: z.enum(["stdout", "stderr"]).optional(), ...content, repeat: count.optional() })
    .refine(oneContent, needsContent),
  claim: z.strictObject({
    files: z.array(z.string().min(1)).optional(),
    tests_passed: z.boolean().optional(),
    committed: z.boolean().optional(),
    summary: z.string().optional(),
  }),
  attempt: z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/) }),
  use: z.strictObject({ input_tokens: count, output_tokens: count, usd: z.number().min(0).optional() }),
  fail: z.strictObject({ reason: z.enum(failures), message: z.string().min(1), exit: count.max(255).optional() }),
  exit: count.max(255),
  signal: z.enum(signals),
  ignore_signals: z.literal(true),
  close_stdout: z.literal(true),
} as const;

/** The name of an action. */
export type FakeAction = keyof typeof fakeActions;

/** The arguments of every action, by name. */
export type FakeArguments = { readonly [A in FakeAction]: z.infer<(typeof fakeActions)[A]> };

/** One step: an object whose only key is the action. */
export type FakeStep = { readonly [A in FakeAction]: { readonly [K in A]: FakeArguments[A] } }[FakeAction];

/** A whole script: the steps in the order in which they happen. */
export interface FakeScript {
  readonly schema: typeof FAKE_SCRIPT_SCHEMA;
  readonly steps: readonly FakeStep[];
}

/** All actions, sorted. */
export const FAKE_ACTIONS: readonly FakeAction[] = (Object.keys(fakeActions) as FakeAction[]).sort();

/** True if `name` is an action of the language. */
export function isFakeAction(name: string): name is FakeAction {
  return Object.hasOwn(fakeActions, name);
}
