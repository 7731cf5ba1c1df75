import { basename, isAbsolute, relative } from "node:path";

/** How this process was started. */
interface Start {
  /** Absolute path of the script, as Node has it: links are not followed. */
  readonly script: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a person types to start this program once more, the way it was started now: `cto`, `pnpm cto`, `npx @cto/cli` or `node <path>`. */
export function toProgramName({ script, cwd, env }: Start): string {
  const isPnpmScript = env.npm_lifecycle_event === "cto" && env.npm_config_user_agent?.startsWith("pnpm/") === true;
  if (isPnpmScript && !script.includes("/node_modules/")) return "pnpm cto";
  if (script.includes("/node_modules/.bin/")) return "npx @cto/cli";
  if (basename(script) === "cto") return "cto";
  const path = relative(cwd, script);
  return `node ${quote(path === "" || path.startsWith("..") || isAbsolute(path) ? script : path)}`;
}

/** The name of this process. */
export function programName(): string {
  return toProgramName({ script: process.argv[1] ?? "cto", cwd: process.cwd(), env: process.env });
}

function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
