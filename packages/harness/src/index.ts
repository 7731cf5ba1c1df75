export { listCaseIds, loadTask } from "./case/load-task.ts";
export { parseExpectation } from "./case/parse-expectation.ts";
export { runCases } from "./case/run-cases.ts";
export { parseConfig } from "./config/parse-config.ts";
export { closeInterruptedRuns } from "./run/close-interrupted.ts";
export { runTask } from "./run/run-task.ts";

export type { LoadedTask, LoadTaskOptions } from "./case/load-task.ts";
export type { Expectation } from "./case/parse-expectation.ts";
export type { RunCasesOptions } from "./case/run-cases.ts";
export type { Config } from "./config/parse-config.ts";
export type { ClosedRun } from "./run/close-interrupted.ts";
export type { OnProgress, ProgressEvent } from "./run/progress.ts";
export type { RunOutcome, RunPorts, RunRequest } from "./run/run-request.ts";
