import type { Writable } from "node:stream";
import { systemCode } from "@cto/errors";

/** How long the reader of a lifeline has, after its end, to take the whole tree down with it. */
const LIFELINE_MS = 1_000;

interface Lifeline {
  readonly stream: Writable;
  readonly softStop: string;
}

/** Ends one process group: softly, then for good. Both steps happen at most once. */
export class ProcessStopper {
  readonly #pid: number;
  readonly #lifeline: Lifeline | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stage: "running" | "soft" | "hard" | "over" = "running";

  constructor(pid: number, lifeline: Lifeline | undefined) {
    this.#pid = pid;
    this.#lifeline = lifeline;
  }

  /** SIGTERM to the group, or the lifeline's word; the hard stop follows after `graceMs`. */
  soft(graceMs: number): void {
    if (this.#stage !== "running") return;
    this.#stage = "soft";
    if (this.#lifeline === undefined) signalGroup(this.#pid, "SIGTERM");
    else this.#lifeline.stream.write(this.#lifeline.softStop);
    this.#timer = setTimeout(() => this.hard(), graceMs);
  }

  /** SIGKILL to the group. With a lifeline its end comes first: the one at the other end can kill what left the group. */
  hard(): void {
    if (this.#stage === "hard" || this.#stage === "over") return;
    this.#stage = "hard";
    clearTimeout(this.#timer);
    this.#lifeline?.stream.destroy();
    if (this.#lifeline === undefined) signalGroup(this.#pid, "SIGKILL");
    else this.#timer = setTimeout(() => signalGroup(this.#pid, "SIGKILL"), LIFELINE_MS);
  }

  /** The main process has exited: no more steps. */
  over(): void {
    this.#stage = "over";
    clearTimeout(this.#timer);
    this.#lifeline?.stream.destroy();
  }
}

/**
 * Signals every member of a process group. A group that is gone, or belongs to another user altogether, is left as it is.
 * The kernel keeps the number reserved while any member lives; an empty group's number is not handed out again at once.
 */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code !== "ESRCH" && code !== "EPERM") throw thrown;
  }
}
