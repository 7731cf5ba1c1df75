export type { BubblewrapSandboxOptions } from "./bubblewrap-sandbox.ts";
export { createBubblewrapSandbox } from "./bubblewrap-sandbox.ts";
export type { NoSandboxOptions } from "./no-sandbox.ts";
export { createNoSandbox } from "./no-sandbox.ts";
export { proposeToolchains } from "./propose-toolchains.ts";
export type {
  Sandbox,
  SandboxEnd,
  SandboxErrorCode,
  SandboxMount,
  SandboxProbe,
  SandboxRequest,
  SandboxResult,
  Toolchain,
} from "./sandbox.ts";
export type { ToolchainOptions } from "./toolchain.ts";
export { createToolchain } from "./toolchain.ts";
