// @ts-check
import { spawn } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env, findCase, findCli, node, withFolder } from "./place.mjs";

const barMib = 150;

const script = `schema: cto.fake-script.v1
steps:
  - print: {stream: stdout, text: "${"0123456789abcdef".repeat(64)}\\n", repeat: 1048576}
`;

/** The most memory that the harness's own process holds while it captures 1 GB of an engine's output. Linux only. */
export function benchMemory() {
  return withFolder(async (home) => {
    const task = join(home, "talkative");
    cpSync(findCase("r1-string-slugify"), task, { recursive: true });
    writeFileSync(join(task, "fake.yaml"), script);
    const child = spawn(node, [findCli(), "run", "./talkative", "--json"], {
      cwd: home,
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let peakKib = 0;
    const sampler = setInterval(() => {
      peakKib = Math.max(peakKib, readPeak(child.pid));
    }, 10);
    let answer = "";
    child.stdout.on("data", (chunk) => {
      answer += chunk;
    });
    await new Promise((resolve) => child.once("close", resolve));
    clearInterval(sampler);

    const { status, blockers } = JSON.parse(answer);
    const mib = peakKib / 1024;
    const codes = blockers.map((/** @type {{code: string}} */ { code }) => code).join(", ");
    console.log(
      `${mib > 0 && mib <= barMib ? "ok  " : "OVER"} memory of a run that captures 1 GB: ${mib.toFixed(0)} MiB at most (bar ${barMib}; run ended ${status}: ${codes})`,
    );
    return mib > 0 && mib <= barMib;
  });
}

/** The high-water mark of a process in KiB, or 0 if it is gone: proc(5), VmHWM. @param {number | undefined} pid */
function readPeak(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0");
  } catch {
    return 0;
  }
}
