import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { runProcess } from "@cto/exec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBubblewrapSandbox } from "./index.ts";
import { DRIVER } from "./testing/early-kill.ts";
import { type Bench, createBench } from "./testing/sandbox-bench.ts";

let bench: Bench;
let other: Bench;
beforeAll(async () => {
  const sandbox = createBubblewrapSandbox({ toolchains: [] });
  [bench, other] = await Promise.all([createBench(sandbox), createBench(sandbox)]);
});
afterAll(() => Promise.all([bench.remove(), other.remove()]));

describe("visible", () => {
  test("the root holds these names and no others", async () => {
    const seen = await bench.sh("ls /");
    const system = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];
    expect(seen.stdout.split(/\s+/).filter((name) => name !== "" && !system.includes(name))).toEqual([
      "dev",
      "etc",
      "home",
      "opt",
      "proc",
      "tmp",
      "usr",
      "workspace",
    ]);
    expect((await bench.sh("ls -A /home /tmp /opt /home/cto")).stdout.replaceAll(/\s+/g, " ").trim()).toBe(
      "/home: cto /home/cto: /opt: /tmp:",
    );
  });

  test.each([
    homedir(),
    "/root",
    "/var",
    "/run",
    "/sys",
    "/boot",
    "/etc/shadow",
    "/etc/ssl/private",
    "/etc/hostname",
    "/etc/machine-id",
  ])("not the host's %s", async (path) => {
    expect((await bench.sh(`test -e '${path}'`)).end).toEqual({ kind: "exited", code: 1 });
  });

  test("not the workspace of another run, nor its own by the host's path", async () => {
    await writeFile(join(other.workspace, "secret"), "x");
    for (const path of [join(other.workspace, "secret"), bench.workspace]) {
      expect((await bench.sh(`test -e '${path}'`)).end).toEqual({ kind: "exited", code: 1 });
    }
  });

  test("users, groups, hosts and resolver are not the host's", async () => {
    const seen = await bench.sh(
      "id -un; id -gn; hostname; cat /etc/passwd /etc/hosts /etc/resolv.conf; git config user.name || true",
    );
    expect(seen.stdout).toBe(
      [
        "cto",
        "cto",
        "cto",
        "root:x:0:0:root:/:/bin/sh",
        "cto:x:1000:1000:cto:/home/cto:/bin/sh",
        "nobody:x:65534:65534:nobody:/:/bin/sh",
        "127.0.0.1 localhost cto",
        "::1 localhost cto",
        "nameserver 127.0.0.1",
        "options timeout:1 attempts:1",
        "",
      ].join("\n"),
    );
  });

  test("only its own processes", async () => {
    const seen = await bench.sh("ls /proc | grep -c '^[0-9]'; cat /proc/1/comm");
    expect(seen.stdout).toMatch(/^[345]\nperl\n$/);
  });

  test("the environment is this and nothing else", async () => {
    const seen = await bench.run(["/usr/bin/env"], { env: { ADDED: "a=b\nc", PERL5OPT: "-Mnonsense" } });
    expect(seen.stdout.trim().split("\n").sort()).toEqual(
      [
        "ADDED=a=b",
        "c",
        "PERL5OPT=-Mnonsense",
        "GIT_AUTHOR_EMAIL=engine@cto.invalid",
        "GIT_AUTHOR_NAME=cto engine",
        "GIT_COMMITTER_EMAIL=engine@cto.invalid",
        "GIT_COMMITTER_NAME=cto engine",
        "GIT_CONFIG_NOSYSTEM=1",
        "HOME=/home/cto",
        "LANG=C.UTF-8",
        "LOGNAME=cto",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "TERM=dumb",
        "TMPDIR=/tmp",
        "USER=cto",
      ].sort(),
    );
  });

  test("a file that the harness has open does not get in", async () => {
    const list = 'exec 77</etc/group; exec "$@"';
    const driver = [process.execPath, "--conditions=@cto/source", DRIVER, bench.workspace, "ls", "/proc/self/fd"];
    const { stdout } = await runProcess({
      argv: ["/bin/bash", "-c", list, "bash", ...driver],
      cwd: "/",
      env: {},
      timeoutMs: 20_000,
      graceMs: 500,
    });
    expect(Buffer.from(stdout).toString()).toBe('begin\n0\n1\n2\n3\n{"kind":"exited","code":0}\n');
  });

  test("a mount of the request, read-only or writable", async () => {
    const mounts = [
      { host: other.workspace, inside: "/mnt/read", writable: false },
      { host: other.workspace, inside: "/mnt/write", writable: true },
    ];
    const seen = await bench.sh("touch /mnt/read/a 2>/dev/null || echo refused; touch /mnt/write/b; ls /mnt/read/b", {
      mounts,
    });
    expect(seen.stdout).toBe("refused\n/mnt/read/b\n");
  });
});

describe("writable", () => {
  test("the workspace is the working directory, and what is written there stays with its owner", async () => {
    const seen = await bench.sh("pwd; umask; echo kept > file; git init -q . && git status --short");
    expect(seen.stdout).toBe("/workspace\n0022\n?? file\n");
    expect(await readFile(join(bench.workspace, "file"), "utf8")).toBe("kept\n");
    expect((await stat(join(bench.workspace, "file"))).uid).toBe(process.getuid?.());
  });

  test.each(["/tmp", "/home/cto", "/dev/shm"])("%s, until the process ends", async (directory) => {
    expect((await bench.sh(`echo x > ${directory}/left`)).end).toEqual({ kind: "exited", code: 0 });
    expect((await bench.sh(`ls -A ${directory}`)).stdout).toBe("");
  });

  test.each(["/", "/usr", "/usr/bin", "/etc", "/home", "/opt", "/dev", "/proc/sys/kernel"])(
    "not %s",
    async (directory) => {
      expect((await bench.sh(`touch ${directory}/x`)).end).toEqual({ kind: "exited", code: 1 });
    },
  );

  test("not the kernel's settings, though root's own process would be their owner", async () => {
    const seen = await bench.sh(
      "cat /proc/sys/kernel/core_pattern > /tmp/c && cat /tmp/c > /proc/sys/kernel/core_pattern",
    );
    expect(seen.end).not.toEqual({ kind: "exited", code: 0 });
    expect(seen.stderr).toContain("Read-only file system");
  });

  test("not a tool chain", async () => {
    const root = join(other.workspace, "tool");
    await mkdir(join(root, "bin"), { recursive: true });
    await writeFile(join(root, "bin", "tool"), "#!/bin/sh\necho tool from $0\n", { mode: 0o755 });
    const toolchains = [{ name: "tool", root, inside: "/opt/cto/tool", path: ["/opt/cto/tool/bin"], libraries: [] }];
    const own = await createBench(createBubblewrapSandbox({ toolchains }));
    const seen = await own.sh("tool; touch /opt/cto/tool/bin/x || echo refused");
    expect(seen.stdout).toBe("tool from /opt/cto/tool/bin/tool\nrefused\n");
    await own.remove();
  });
});

describe("reachable", () => {
  const connect = `use Socket; my ($kind, $where) = @ARGV;
    if ($kind eq "tcp") { socket(S, PF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in($where, inet_aton("127.0.0.1"))) or exit 9 }
    else { socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un("\\0$where")) or exit 9 }`;
  const listen = (at: object): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.end()).listen(at, () => resolve(server));
    });

  test("not a port of the host on loopback, nor an abstract unix socket, both of which the host reaches", async () => {
    const name = `cto-sandbox-test-${process.pid}`;
    const servers = await Promise.all([listen({ port: 0, host: "127.0.0.1" }), listen({ path: `\0${name}` })]);
    const address = servers[0]?.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    for (const [kind, where] of [
      ["tcp", port],
      ["unix", name],
    ] as const) {
      const argv = ["/usr/bin/perl", "-e", connect, kind, where] as const;
      const onHost = await runProcess({ argv, cwd: "/", env: {}, timeoutMs: 10_000, graceMs: 500 });
      expect(onHost.outcome).toEqual({ kind: "exited", code: 0 });
      expect((await bench.run(argv)).end).toEqual({ kind: "exited", code: 9 });
    }
    for (const server of servers) server.close();
  });

  test("its own loopback", async () => {
    const script = `use Socket; socket(L, PF_INET, SOCK_STREAM, 0); bind(L, pack_sockaddr_in(8080, INADDR_ANY)) or die; listen(L, 1);
      socket(S, PF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(8080, inet_aton("127.0.0.1"))) or exit 9`;
    expect((await bench.run(["perl", "-e", script])).end).toEqual({ kind: "exited", code: 0 });
  });

  test("no other network device", async () => {
    expect((await bench.sh("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).stdout).toBe("lo\n");
  });

  test("not the harness's process", async () => {
    expect((await bench.sh(`kill -0 ${process.pid}`)).end).not.toEqual({ kind: "exited", code: 0 });
  });

  test("no capability, no new privilege, no user namespace", async () => {
    const seen = await bench.sh(
      "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr -d '\\t'; unshare -U true || echo refused",
    );
    expect(seen.stdout).toBe("CapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\nrefused\n");
  });

  test("signals are at their defaults", async () => {
    const seen = await bench.run(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]);
    expect(seen.stdout).toBe("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  });
});

describe("the first process cannot be turned", () => {
  test("its report cannot be forged, its lifeline not held, itself not stopped or killed", async () => {
    const attack = `
      sub try { my ($what, $ok) = @_; print "$what\\n" if $ok }
      try("report", open(my $a, ">", "/proc/1/fd/4"));
      try("lifeline", open(my $b, "<", "/proc/1/fd/3"));
      try("memory", open(my $c, "+<", "/proc/1/mem"));
      try("ptrace", syscall(101, 16, 1, 0, 0) == 0);
      my $pidfd = syscall(434, 1, 0);
      try("pidfd", $pidfd >= 0 && syscall(438, $pidfd, 4, 0) >= 0);
      for my $fd (3 .. 255) { try("own $fd", open(my $d, ">&=", $fd) && syswrite($d, "exited 0 0\\n")) }
      kill $_, 1 for 19, 15, 11, 9;
      select(undef, undef, undef, 0.1);
      exit 5;`;
    expect(await bench.run(["perl", "-e", attack])).toMatchObject({
      end: { kind: "exited", code: 5 },
      stdout: "",
      leftBehind: 0,
    });
  });

  test("a line that looks like a report stays output", async () => {
    const seen = await bench.sh("echo exited 0 0; echo exited 0 0 >&2; exit 6");
    expect(seen).toMatchObject({ end: { kind: "exited", code: 6 }, stdout: "exited 0 0\n", stderr: "exited 0 0\n" });
  });
});
