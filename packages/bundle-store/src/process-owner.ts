import fs from "node:fs";
import { systemCode } from "@cto/errors";
import { sha256 } from "./disk.ts";

/** A process, so that nobody can mistake another one for it: process ids are used again, start times within one boot are not. Null where the system does not say. */
export interface ProcessOwner {
  readonly machine: string | null;
  readonly boot_id: string | null;
  readonly pid_namespace: string | null;
  readonly pid: number;
  readonly start_time: string | null;
}

/** This process. */
export function currentOwner(): ProcessOwner {
  const machine = readLine("/etc/machine-id");
  return {
    machine: machine === null ? null : sha256(`cto:${machine}`).slice(0, 16),
    boot_id: readLine("/proc/sys/kernel/random/boot_id"),
    pid_namespace: readNamespace(),
    pid: process.pid,
    start_time: readProcess(process.pid)?.startTime ?? null,
  };
}

/** True unless the owner is surely dead. Another machine, another process namespace, a system without /proc: unknown counts as alive. */
export function mayBeAlive(owner: ProcessOwner, self: ProcessOwner): boolean {
  if (owner.machine !== null && self.machine !== null && owner.machine !== self.machine) return true;
  if (owner.boot_id === null || self.boot_id === null) return answersSignals(owner.pid);
  if (owner.boot_id !== self.boot_id) return false;
  if (owner.pid_namespace !== self.pid_namespace) return true;
  const found = readProcess(owner.pid);
  if (found === undefined) return false;
  const ended = found.state === "Z" || found.state === "X";
  return !ended && (owner.start_time === null || found.startTime === owner.start_time);
}

/** The owner in a marker or lock file; undefined if it is not one, which counts as alive. */
export function parseOwner(text: string | undefined): ProcessOwner | undefined {
  const value = parseObject(text ?? "");
  if (value === undefined || !Number.isInteger(value.pid) || Number(value.pid) <= 0) return undefined;
  const textOrNull = (key: string): string | null => (typeof value[key] === "string" ? value[key] : null);
  return {
    machine: textOrNull("machine"),
    boot_id: textOrNull("boot_id"),
    pid_namespace: textOrNull("pid_namespace"),
    pid: Number(value.pid),
    start_time: textOrNull("start_time"),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Fields 3 (state) and 22 (start time, clock ticks since boot) of proc_pid_stat(5). The name in field 2 may hold anything, so count from its last bracket. */
function readProcess(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  const stat = readLine(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields?.[0];
  const startTime = fields?.[19];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}

function readNamespace(): string | null {
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

function readLine(file: string): string | null {
  try {
    return fs.readFileSync(file, "utf8").trim() || null;
  } catch {
    return null;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}
