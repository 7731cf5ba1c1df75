export type {
  ChunkSink,
  ExecErrorCode,
  ProcessOutcome,
  ProcessPipe,
  RunProcessOptions,
  RunProcessResult,
} from "./process-contract.ts";
export { runProcess } from "./run-process.ts";
