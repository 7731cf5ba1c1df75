import type { HostLayout } from "./host-layout.ts";
import type { SandboxMount } from "./sandbox.ts";
import { SYNTHETIC_ETC } from "./synthetic-etc.ts";

/** Places inside. */
export const INSIDE = { workspace: "/workspace", home: "/home/cto", temporary: "/tmp" } as const;

/** The descriptor of the first synthetic file; 3 and 4 belong to pid 1. */
const FIRST_FILE_DESCRIPTOR = 5;

interface WallPlan {
  readonly layout: HostLayout;
  /** Null: an empty workspace of its own, for a probe. */
  readonly workspace: string | null;
  /** Tool chains first, then what the request asks for: later mounts lie over earlier ones. */
  readonly mounts: readonly SandboxMount[];
  readonly disableUserNamespaces: boolean;
}

/** The arguments of `bwrap` up to the command. Descriptors from 5 on must deliver the synthetic files, in their order. */
export function toBubblewrapArguments(plan: WallPlan): readonly string[] {
  return [
    ...["--unshare-all", "--unshare-user", ...(plan.disableUserNamespaces ? ["--disable-userns"] : [])],
    ...["--uid", "1000", "--gid", "1000", "--hostname", "cto", "--cap-drop", "ALL"],
    ...["--new-session", "--die-with-parent", "--as-pid-1", "--clearenv"],
    ...["/etc", "/opt"].flatMap((path) => ["--perms", "0755", "--dir", path]),
    ...plan.layout.shown.flatMap((path) => ["--ro-bind", path, path]),
    ...plan.layout.links.flatMap(({ at, target }) => ["--symlink", target, at]),
    ...SYNTHETIC_ETC.flatMap(({ path }, index) => [
      "--perms",
      "0644",
      "--file",
      String(FIRST_FILE_DESCRIPTOR + index),
      path,
    ]),
    ...kernelFileSystems(),
    ...["--perms", "1777", "--tmpfs", INSIDE.temporary, "--tmpfs", INSIDE.home],
    ...(plan.workspace === null ? ["--tmpfs", INSIDE.workspace] : ["--bind", plan.workspace, INSIDE.workspace]),
    ...plan.mounts.flatMap((mount) => [mount.writable ? "--bind" : "--ro-bind", mount.host, mount.inside]),
    ...["--remount-ro", "/", "--chdir", INSIDE.workspace, "--"],
  ];
}

/**
 * `/proc` and `/dev`, read-only. Where the harness runs as root, the user inside *is* the owner of `/proc/sys`: without any
 * capability it could still write `kernel.core_pattern`, which runs code on the host. The device files themselves cannot be made
 * read-only here (bwrap then forbids their use too), so that such a user can still chmod them.
 */
function kernelFileSystems(): readonly string[] {
  return [
    ...["--proc", "/proc", "--remount-ro", "/proc"],
    ...["--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
  ];
}
