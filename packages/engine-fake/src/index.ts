export type { FakeEngineOptions } from "./create-fake-engine.ts";
export { createFakeEngine } from "./create-fake-engine.ts";
export type { FakeAction, FakeArguments, FakeScript, FakeStep } from "./fake-script.ts";
export { FAKE_ACTIONS, FAKE_SCRIPT_SCHEMA } from "./fake-script.ts";
export type { FakeErrorCode } from "./parse-fake-script.ts";
export { parseFakeScript } from "./parse-fake-script.ts";
