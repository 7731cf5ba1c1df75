/** Where a git call works. */
export type GitPlace =
  /** Git finds the repository from this directory upwards, as a person would. */
  | { readonly kind: "directory"; readonly path: string }
  /** Exactly this repository; no other configuration or work tree is looked for. Absolute paths. */
  | {
      readonly kind: "repository";
      readonly gitDir: string;
      /** The files to work on. Without it git acts as in a bare repository. */
      readonly workTree?: string;
      /** An index file that is not the repository's own. */
      readonly indexFile?: string;
      /** Further object directories to read from; nothing is written there. */
      readonly objectDirectories?: readonly string[];
    };

// Fixed on purpose: a PATH of the caller could begin in a folder that an engine or a target can write to.
const searchPath = [
  "/usr/local/bin",
  "/usr/bin",
  "/bin",
  "/opt/homebrew/bin",
  "/opt/local/bin",
  "/run/current-system/sw/bin",
].join(":");
const nowhere = "/nonexistent/cto";

/** Command scope beats every configuration file. Sources: git-config(1), and gitattributes(5) on what may start a process. */
const hardening: Readonly<Record<string, string>> = {
  "core.fsmonitor": "false",
  "core.hooksPath": "/dev/null",
  "core.untrackedCache": "false",
  "core.pager": "cat",
  "core.editor": "false",
  "core.askPass": "false",
  "core.sshCommand": "false",
  "core.gitProxy": "",
  "core.alternateRefsCommand": "false",
  "credential.helper": "",
  // Git has no "none" for this one: `git diff` stops here unless the caller passes --no-ext-diff.
  "diff.external": "",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "commit.gpgSign": "false",
  "tag.gpgSign": "false",
  "submodule.recurse": "false",
  "protocol.allow": "never",
  "safe.directory": "*",
};

/**
 * The whole environment of a hardened git process: no user or system configuration, no prompt, pager, hook, file monitor, network or
 * lazy fetch, no write of an index on reading. `config` is added in command scope and wins over everything.
 */
export function toGitEnvironment(
  place: GitPlace,
  config: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return {
    PATH: searchPath,
    LC_ALL: "C",
    TZ: "UTC",
    HOME: nowhere,
    XDG_CONFIG_HOME: nowhere,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_PAGER: "cat",
    GIT_EDITOR: "false",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LITERAL_PATHSPECS: "1",
    // Beats `protocol.<name>.allow` of any file, which `protocol.allow` does not.
    GIT_ALLOW_PROTOCOL: "none",
    ...toPlaceVariables(place),
    ...toConfigVariables({ ...hardening, ...config }),
  };
}

function toPlaceVariables(place: GitPlace): Readonly<Record<string, string>> {
  if (place.kind === "directory") return {};
  return {
    GIT_DIR: place.gitDir,
    ...(place.workTree === undefined ? {} : { GIT_WORK_TREE: place.workTree }),
    ...(place.indexFile === undefined ? {} : { GIT_INDEX_FILE: place.indexFile }),
    ...(place.objectDirectories === undefined
      ? {}
      : { GIT_ALTERNATE_OBJECT_DIRECTORIES: place.objectDirectories.map(quotePath).join(":") }),
  };
}

/** Git splits the list at colons unless an entry is quoted. */
function quotePath(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

function toConfigVariables(config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(config);
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
  for (const [index, [key, value]] of entries.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
}
