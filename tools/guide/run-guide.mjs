// Runs the terminal of a guide: every `$ ` line in its ```console blocks, in order, in one shell, and puts what came out beside what stands there.
// As a command it writes what came out into the guide: `node tools/guide/run-guide.mjs docs/guides/owned-repo.md`.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const app = fileURLToPath(new URL("../../apps/cli/dist/cto.js", import.meta.url));

/** The commands of a guide. `first` and `end` are the lines of the output that stands under each one; `> ` lines belong to the command. */
export function parseGuide(text) {
  const lines = text.split("\n");
  const commands = [];
  let inside = false;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("```")) {
      inside = line === "```console";
      continue;
    }
    if (!inside) continue;
    const last = commands.at(-1);
    if (line.startsWith("$ ")) commands.push({ text: line.slice(2), output: [], first: index + 1, end: index + 1 });
    else if (last === undefined) throw new Error(`line ${index + 1}: a console block begins with a command`);
    else if (line.startsWith("> ") && last.output.length === 0) {
      last.text += `\n${line.slice(2)}`;
      last.first = index + 1;
      last.end = index + 1;
    } else {
      last.output.push(line);
      last.end = index + 1;
    }
  }
  return { lines, commands };
}

/** Parts of an output that differ from run to run. */
const changing =
  /\d{8}t\d{9}z-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{3}Z)?|MCowBQYDK2Vw[A-Za-z0-9+/=]+|\b[0-9a-f]{7,64}\b|\b\d+(?:\.\d+)? (?:ms|s)\b/g;

/** An output with every changing part named by its kind only, and spaces that pad them made one. */
export function normalise(text) {
  return text.replace(changing, "<...>").replace(/ +/g, " ");
}

/** The changing parts of an output, in order. */
export function changingParts(text) {
  return text.match(changing) ?? [];
}

/** Runs all commands in an empty home. Answers the guide's commands, each with what came out (`seen`). */
export async function runGuide(text) {
  const root = mkdtempSync(join(tmpdir(), "cto-guide-"));
  try {
    const { commands, lines } = parseGuide(text);
    const shell = startShell(root);
    // What a reader copies from the screen differs in every run: a part that stood in the guide is replaced by what stood in its place this time.
    const copied = new Map();
    let screen = "";
    for (const command of commands) {
      const typed = fillIn(command.text, screen).replace(
        changing,
        (part) => copied.get(part) ?? findLonger(copied, part) ?? part,
      );
      command.typed = typed;
      const seen = (await shell.run(typed)).replaceAll(root, "~");
      command.seen = seen === "" ? [] : seen.replace(/\n$/, "").split("\n");
      screen += seen;
      const before = changingParts(command.output.join("\n"));
      for (const [index, part] of changingParts(command.seen.join("\n")).entries())
        if (before[index] !== undefined) copied.set(before[index], part);
    }
    await shell.close();
    return { commands, lines };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** For a guide that is written for the first time: `@packet` and `@run` are what was last on the screen. */
function fillIn(text, screen) {
  const last = (pattern) => [...screen.matchAll(pattern)].at(-1)?.[1];
  return text
    .replaceAll("@packet", () => last(/cto approve ([0-9a-f]{12})/g) ?? "@packet")
    .replaceAll("@run", () => last(/([a-z0-9-]+-\d{8}t\d{9}z-[0-9a-f]{12})/g) ?? "@run");
}

/** A beginning of something that was printed before stands for the beginning of what was printed this time. */
function findLonger(copied, part) {
  for (const [old, now] of copied) if (old.startsWith(part)) return now.slice(0, part.length);
  return undefined;
}

/** A shell of somebody who has git, node and cto, and nothing of this machine's settings. */
function startShell(root) {
  const bin = join(root, ".bin");
  mkdirSync(bin);
  symlinkSync(app, join(bin, "cto"));
  writeFileSync(
    join(root, ".gitconfig"),
    "[user]\n\tname = Owner\n\temail = owner@example.invalid\n[init]\n\tdefaultBranch = main\n",
  );
  const env = {
    HOME: root,
    PATH: [bin, dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    NO_COLOR: "1",
  };
  const child = spawn("bash", ["--noprofile", "--norc"], { cwd: root, env, stdio: ["pipe", "pipe", "inherit"] });
  const end = "<<<end of output>>>";
  let text = "";
  let wake = () => {};
  child.stdout.on("data", (chunk) => {
    text += chunk;
    wake();
  });
  const closed = new Promise((done) => child.on("close", done));
  closed.then(() => wake());
  return {
    async run(command) {
      child.stdin.write(`{ ${command}\n} 2>&1 </dev/null\nprintf '%s\\n' '${end}'\n`);
      while (!text.includes(`${end}\n`)) {
        if (child.exitCode !== null) throw new Error(`the shell ended in the middle of: ${command}`);
        await new Promise((done) => {
          wake = done;
        });
      }
      const [output = ""] = text.split(`${end}\n`);
      text = text.slice(output.length + end.length + 1);
      return output;
    },
    async close() {
      child.stdin.end();
      await closed;
    },
  };
}

/** The guide with what came out in the place of what stood there. */
export function toRecorded({ commands, lines }) {
  const written = [...lines];
  for (const { first, end, seen, typed: command } of [...commands].reverse()) {
    const typed = command.split("\n").map((line, index) => `${index === 0 ? "$" : ">"} ${line}`);
    written.splice(first - typed.length, end - first + typed.length, ...typed, ...seen);
  }
  return written.join("\n");
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? "")).href) {
  const [file = ""] = process.argv.slice(2);
  writeFileSync(file, toRecorded(await runGuide(readFileSync(file, "utf8"))));
}
