import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { systemCode } from "@cto/errors";
import type { PolicyLayerProblem } from "@cto/harness";
import type { Setting } from "../setting.ts";

/** The task contracts of a home, as they are typed from the working directory, and folders that cannot be read. */
export interface ListedContracts {
  readonly files: readonly string[];
  readonly problems: readonly PolicyLayerProblem[];
}

/**
 * Every contract in `cto/cases` and `cto/tasks`: `task.yaml`, `task.yml` or `task.json` of each folder in them, whatever its name, and every YAML or JSON
 * file that lies in `cto/tasks` itself.
 */
export function listContracts({ cwd, home }: Setting): ListedContracts {
  const [cases, tasks] = [join(home, "cto", "cases"), join(home, "cto", "tasks")];
  const toShown = (path: string) => `./${relative(cwd, path)}`;
  const problems: PolicyLayerProblem[] = [];
  const list = (folder: string): readonly string[] => {
    try {
      return readdirSync(folder).sort();
    } catch (cause) {
      const code = systemCode(cause) ?? "unknown reason";
      if (code !== "ENOENT" && code !== "ENOTDIR") problems.push(toProblem(toShown(folder), code));
      return [];
    }
  };
  const inFolders = (folder: string) =>
    list(folder).flatMap((name) =>
      list(join(folder, name))
        .filter((file) => /^task\.(?:ya?ml|json)$/.test(file))
        .map((file) => join(folder, name, file)),
    );
  const plain = list(tasks).filter((name) => /\.(?:ya?ml|json)$/.test(name));
  const files = [...inFolders(cases), ...plain.map((name) => join(tasks, name)), ...inFolders(tasks)];
  return { files: files.map(toShown), problems };
}

function toProblem(file: string, code: string): PolicyLayerProblem {
  const hint = "Make it a folder that you may read.";
  return { layer: "task", file, message: `cannot be read (${code})`, hint };
}
