import { describe, expect, it } from "vitest";
import {
  disallowed,
  forbidden,
  hidden,
  link,
  PASS,
  python,
  runRow,
  sh,
  table,
  write,
} from "../__fixtures__/effect-table.ts";
import { codesOf } from "../__fixtures__/run-kit.ts";

describe("tracked and untracked files", () => {
  table([
    ["a new file that no rule names", [write("new.txt")], disallowed(/: new\.txt$/)],
    ["a file that is gone", [{ delete: "b.txt" }], disallowed(/: b\.txt$/)],
    ["a rename out of what is allowed", [{ rename: { from: "dir/c.txt", to: "c.txt" } }], disallowed(/: c\.txt$/)],
    ["a rename into what is allowed", [{ rename: { from: "b.txt", to: "dir/b.txt" } }], disallowed(/: b\.txt$/)],
    ["a file where a folder was", [{ delete: "dir" }, write("dir")], disallowed(/: dir$/)],
    ["a folder where a file was", [{ delete: "a.txt" }, write("a.txt/x")], disallowed(/: a\.txt\/x$/)],
    [
      "a change with the old size and the old times",
      [sh("touch -r b.txt /tmp/t; echo OTHER > b.txt; touch -r /tmp/t b.txt")],
      disallowed(/: b\.txt$/),
    ],
    [
      "a change that git was told not to see",
      [sh("git update-index --assume-unchanged b.txt; echo x > b.txt")],
      disallowed(/: b\.txt$/),
    ],
    [
      "a change that git was told to skip",
      [sh("git update-index --skip-worktree b.txt; echo x > b.txt")],
      disallowed(/: b\.txt$/),
    ],
    [
      "a change that is committed and taken back",
      [sh("echo x > b.txt; git commit -qam x; git checkout -q HEAD~1 b.txt")],
      [["dirty_ending_tree"]],
    ],
    ["what only the index of the workspace says", [sh("git rm -q --cached b.txt; git add a.txt")], PASS],
  ]);
});

describe("modes", () => {
  table([
    ["an executable bit under an allowed path", [{ chmod: { path: "dir/c.txt", mode: "0755" } }], PASS],
    ["an executable bit elsewhere", [{ chmod: { path: "b.txt", mode: "0755" } }], disallowed(/: b\.txt$/)],
    [
      "a mode that a patch does not show",
      [{ chmod: { path: "dir/c.txt", mode: "0600" } }],
      hidden(/dir\/c\.txt .*mode changed/),
    ],
    [
      "a set-user-id bit on what is not executable",
      [{ chmod: { path: "dir/c.txt", mode: "4644" } }],
      hidden(/dir\/c\.txt .*mode changed/),
    ],
    ["bits beside the executable one, which travel nowhere", [{ chmod: { path: "dir/c.txt", mode: "6777" } }], PASS],
    ["the mode of a folder", [{ chmod: { path: "dir", mode: "0700" } }], hidden(/dir\/ has another mode/)],
  ]);
});

describe("links", () => {
  table([
    ["a link to a neighbour", [link("dir/l", "c.txt")], PASS],
    ["a link to nothing, inside", [link("dir/l", "nothing")], PASS],
    ["a file that became a link inside", [{ delete: "a.txt" }, link("a.txt", "dir/c.txt")], PASS],
    ["a link to an absolute path", [link("dir/l", "/etc/passwd")], hidden(/dir\/l is a link that leads out/)],
    ["a link that climbs out", [link("dir/l", "../../x")], hidden(/dir\/l is a link that leads out/)],
    ["a link that climbs behind a name", [link("dir/l", "sub/../../x")], hidden(/dir\/l is a link that leads out/)],
    [
      "a link to the work tree's own place",
      [link("dir/l", "/workspace/b.txt")],
      hidden(/dir\/l is a link that leads out/),
    ],
    ["a link into .git", [link("dir/l", "../.git/config")], hidden(/dir\/l is a link that leads out/)],
    ["a link into .git in another case", [link("dir/l", "../.GIT/config")], hidden(/dir\/l is a link that leads out/)],
    [
      "a folder that became a link",
      [{ rename: { from: "dir", to: "dir2" } }, link("dir", "dir2")],
      disallowed(/dir2\/c\.txt/),
    ],
    ["a hard link inside", [{ hardlink: { path: "dir/h", target: "b.txt" } }], hidden(/b\.txt has 2 hard links/)],
    [
      "a hard link among by-products",
      [{ hardlink: { path: "x.log", target: "dir/c.txt" } }],
      hidden(/has 2 hard links/),
    ],
  ]);
});

describe("ignored files and by-products", () => {
  const before = {
    setup: [{ run: ["sh", "-c", "mkdir ignored __pycache__; echo x | tee ignored/x __pycache__/m.pyc"] }],
  };
  table([
    [
      "an ignored file that was there and changed",
      [write("ignored/x", "y\n")],
      hidden(/ignored\/x was there before, is ignored by git/),
      before,
    ],
    [
      "an ignored file that was there and is gone",
      [{ delete: "ignored/x" }],
      hidden(/ignored\/x .* was deleted/),
      before,
    ],
    [
      "an ignored file that was there and became a link",
      [{ delete: "ignored/x" }, link("ignored/x", "y")],
      hidden(/ignored\/x/),
      before,
    ],
    [
      "a cache of setup that changed",
      [write("__pycache__/m.pyc", "y\n")],
      hidden(/__pycache__\/m\.pyc was there before/),
      before,
    ],
    ["what setup left, untouched", [], PASS, before],
    [
      "a new ignored file in a forbidden place",
      [write("dir/secret/x.log")],
      forbidden(/: dir\/secret\/x\.log$/),
      { forbidden_paths: ["dir/secret/"] },
    ],
    [
      "an empty folder in a forbidden place",
      [sh("mkdir -p dir/secret")],
      forbidden(/: dir\/secret$/),
      { forbidden_paths: ["dir/secret/"] },
    ],
    [
      "a cache in a forbidden place",
      [write("dir/secret/__pycache__/x.pyc")],
      forbidden(/: dir\/secret\/__pycache__\/x\.pyc$/),
      { forbidden_paths: ["dir/secret/"] },
    ],
    [
      "a cache that is itself forbidden",
      [write("__pycache__/x.pyc")],
      forbidden(/: __pycache__\/x\.pyc$/),
      { forbidden_paths: ["**/__pycache__/"] },
    ],
    [
      "an ignored cache that is itself forbidden",
      [write("ignored/__pycache__/x.pyc")],
      forbidden(/: ignored\/__pycache__\/x\.pyc$/),
      { forbidden_paths: ["**/__pycache__/"] },
    ],
    ["a cache in a protected place", [write("test/__pycache__/x.pyc")], PASS, { protected_paths: ["test/"] }],
    [
      "a folder where a file is forbidden by a pattern",
      [write("dir/x.pem/key")],
      forbidden(/: dir\/x\.pem\/key$/),
      { forbidden_paths: ["**/*.pem"] },
    ],
    ["what setup left in a forbidden place, untouched", [], PASS, { ...before, forbidden_paths: ["**/__pycache__/"] }],
    [
      "a rule of its own that hides a file",
      [write(".gitignore", "*.txt\n"), write("more.txt")],
      disallowed(/: \.gitignore$/),
    ],
    [
      "a new file that only the workspace's own git ignores",
      [sh("echo new.txt >> .git/info/exclude"), write("new.txt")],
      [["hidden_mutation", "disallowed_file_change"], /\.git\/info\/exclude/],
    ],
  ]);

  it("by-products of every origin are listed and left out", async () => {
    const steps = [
      write("x.log"),
      write("ignored/new"),
      write("out/built"),
      write("node_modules/m/i.js"),
      sh("mkdir -p dir/empty/er"),
    ];
    const run = await runRow(steps, { by_products: ["out/", "node_modules/"] });
    expect(codesOf(run)).toEqual([]);
    expect(run.outcome.changedFiles).toEqual(["a.txt"]);
    expect([...run.report.by_products].sort()).toEqual([
      "dir/empty/er/",
      "ignored/new",
      "node_modules/m/i.js",
      "out/built",
      "x.log",
    ]);
    expect(run.read("patch.diff")).not.toMatch(/built|i\.js|x\.log/);
  });
});

describe("special files and places that cannot be read", () => {
  const socket = "import socket; socket.socket(socket.AF_UNIX).bind('dir/s')";
  const deep = "import os\nfor i in range(120):\n  os.mkdir('d'*50); os.chdir('d'*50)\n";
  table([
    ["a fifo", [{ fifo: "dir/p" }], hidden(/dir\/p is a fifo, a socket or a device/)],
    ["a fifo where git reads rules", [{ fifo: "dir/.gitignore" }], hidden(/dir\/\.gitignore/)],
    ["a socket", [python(socket)], hidden(/dir\/s is a fifo, a socket or a device/)],
    ["names longer than the system reads", [python(deep)], hidden(/cannot be read/)],
    [
      "what it can reach outside is its own, and gone",
      [sh("echo x > /tmp/x; echo x > ~/x"), sh("! echo x > /usr/x; ! echo x > /etc/passwd")],
      PASS,
    ],
  ]);
});
