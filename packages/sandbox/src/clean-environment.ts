/** Where things are for the process: the same words inside the walls and, as host paths, without them. */
interface EnvironmentPlaces {
  readonly home: string;
  readonly temporary: string;
  /** Directories of tool chains, in front of the system's. */
  readonly toolchainPath: readonly string[];
  /** Directories of shared libraries that a tool chain would not find by itself. */
  readonly libraries: readonly string[];
}

/** Where commands of the system are looked up, after the tool chains. */
export const SYSTEM_PATH = ["/usr/local/bin", "/usr/bin", "/bin"] as const;

/** The whole environment of a sandboxed process, but for what its request adds. Nothing of the harness's own gets in. */
export function toCleanEnvironment(places: EnvironmentPlaces): Readonly<Record<string, string>> {
  return {
    PATH: [...places.toolchainPath, ...SYSTEM_PATH].join(":"),
    HOME: places.home,
    TMPDIR: places.temporary,
    LANG: "C.UTF-8",
    TERM: "dumb",
    USER: "cto",
    LOGNAME: "cto",
    GIT_AUTHOR_NAME: "cto engine",
    GIT_AUTHOR_EMAIL: "engine@cto.invalid",
    GIT_COMMITTER_NAME: "cto engine",
    GIT_COMMITTER_EMAIL: "engine@cto.invalid",
    GIT_CONFIG_NOSYSTEM: "1",
    ...(places.libraries.length === 0 ? {} : { LD_LIBRARY_PATH: places.libraries.join(":") }),
  };
}
