import type { ProcessEnd } from "@cto/evidence-interface";
import type { SandboxEnd } from "@cto/sandbox";

/** The form of a process's end that stands in evidence. */
export function toProcessEnd(end: SandboxEnd): ProcessEnd {
  return end.kind === "not-started" ? { kind: "not-started", reason: end.reason } : end;
}

/** How a process ended, in a few words for people. */
export function describeEnd(end: SandboxEnd | ProcessEnd): string {
  if (end.kind === "exited") return `exit ${end.code}`;
  if (end.kind === "signaled") return `death by ${end.signal}`;
  if (end.kind === "not-started") return "message" in end ? end.message : end.reason;
  return end.kind;
}
