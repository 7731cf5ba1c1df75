import { describe, expect, it } from "vitest";
import { codesOf, type KitOptions, runKit, type SeenRun } from "../__fixtures__/run-kit.ts";

type Steps = readonly unknown[];
/** What the engine does, with which contract, and the codes and messages that follow; no codes for a clean pass. */
type Row = [what: string, steps: Steps, expected: Expected, task?: Readonly<Record<string, unknown>>];
type Expected = readonly [codes: readonly string[], ...messages: readonly RegExp[]];

const write = (path: string, text = "x\n") => ({ write: { path, text } });
const link = (path: string, target: string) => ({ symlink: { path, target } });
const sh = (script: string) => ({ run: { argv: ["sh", "-ec", script] } });
const python = (script: string) => ({ run: { argv: ["python3", "-c", script] } });
const change = write("a.txt", "new\n");

const PASS: Expected = [[]];
const hidden = (...messages: RegExp[]): Expected => [["hidden_mutation"], ...messages];
const disallowed = (...messages: RegExp[]): Expected => [["disallowed_file_change"], ...messages];
const forbidden = (...messages: RegExp[]): Expected => [["forbidden_path_change"], ...messages];

function runRow(steps: Steps, task: KitOptions["task"] = {}): Promise<SeenRun> {
  const allowed = { allowed_paths: ["a.txt", "dir/"], verification: [{ id: "check", run: ["true"] }], ...task };
  const fixture = { "a.txt": "old\n", "b.txt": "other\n", "dir/c.txt": "c\n", ".gitignore": "ignored/\n*.log\n" };
  return runKit({ steps: [change, ...steps], task: allowed, fixture });
}

function table(rows: readonly Row[]): void {
  it.concurrent.each(rows)("%s", async (_what, steps, [codes, ...messages], task) => {
    const run = await runRow(steps, task);
    expect(codesOf(run)).toEqual(codes);
    for (const message of messages) expect(run.outcome.blockers[0]?.message).toMatch(message);
    expect(run.verified.verdict).toBe("unsigned");
  });
}

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

describe("repositories in the repository", () => {
  const commit = "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x";
  const module = write(".gitmodules", '[submodule "s"]\n\tpath = dir/s\n\turl = ./s\n');
  table([
    [
      "a nested repository",
      [sh(`git init -q dir/n; cd dir/n; ${commit}`)],
      hidden(/dir\/n\/\.git is a nested repository/),
    ],
    ["an empty nested repository", [sh("git init -q dir/n")], hidden(/dir\/n\/\.git is a nested repository/)],
    [
      "a nested repository among by-products",
      [sh(`mkdir ignored; git init -q ignored/n; cd ignored/n; ${commit}`)],
      hidden(/ignored\/n\/\.git is a nested repository/),
    ],
    [
      "a .git that points elsewhere",
      [write("dir/n/.git", "gitdir: /tmp/x\n")],
      hidden(/dir\/n\/\.git is a nested repository/),
    ],
    [
      "a submodule with a rule for .gitmodules",
      [module, sh(`git init -q dir/s; (cd dir/s; ${commit}); git add dir/s`)],
      hidden(/dir\/s/),
      { allowed_paths: ["a.txt", "dir/", ".gitmodules"] },
    ],
    [".gitmodules without its own rule", [module], disallowed(/: \.gitmodules$/), { allowed_paths: ["**"] }],
    [".gitmodules with its own rule", [module], PASS, { allowed_paths: ["a.txt", ".gitmodules"] }],
    [
      ".gitmodules as a link",
      [link(".gitmodules", "a.txt")],
      hidden(/\.gitmodules/),
      { allowed_paths: ["a.txt", ".gitmodules"] },
    ],
  ]);
});

describe("names that may be taken for others", () => {
  const costumes = [
    ".Git.",
    ".git ",
    "git~1",
    "GIT~12",
    ".g\u200cit",
    ".gi\ufe00t",
    "\u202e.git",
    ".git::$INDEX_ALLOCATION",
    ".git\\config",
  ];
  const settings = [".GitAttributes", ".gitattributes ", ".gitattributes.", "gitatt~1", ".git\u200dmodules"];
  const secret = { forbidden_paths: ["dir/Stra\u00dfe/", "dir/caf\u00e9/", "dir/secret/"] };
  table([
    [
      '".GIT", which git itself leaves out',
      [write("dir/.GIT/config")],
      hidden(/nested repository, or may be taken for one/),
    ],
    ...costumes.map(
      (name): Row => [
        `${JSON.stringify(name)} as a folder`,
        [write(`dir/${name}/config`)],
        [["hidden_mutation", "forbidden_path_change"], /nested repository, or may be taken for one/],
      ],
    ),
    ...settings.map(
      (name): Row => [`${JSON.stringify(name)} as a file`, [write(`dir/${name}`)], disallowed(/no rule/)],
    ),
    ["a forbidden name in another case", [write("dir/SECRET/x")], forbidden(/SECRET/), secret],
    ["a forbidden name in decomposed letters", [write("dir/cafe\u0301/x")], forbidden(/cafe/), secret],
    ["a forbidden name with another letter of the same case", [write("dir/STRASSE/x")], forbidden(/STRASSE/), secret],
    ["a forbidden name with an ignorable mark", [write("dir/sec\u00adret/x")], forbidden(/sec/), secret],
  ]);
});

describe("inside .git", () => {
  const user =
    "git config --get user.name > /dev/null || export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; ";
  const git = (script: string) => sh(`${user}${script}`);
  table([
    [
      "committing, amending, resetting and packing is free",
      [
        git(
          "git add -A; git commit -qm one; git commit -q --amend -m two; git reset -q --soft HEAD~1; git commit -qm three; git repack -qad; git pack-refs --all; touch .git/index.lock",
        ),
      ],
      PASS,
    ],
    ["a hook", [write(".git/hooks/post-checkout", "#!/bin/sh\n")], hidden(/\.git\/hooks\/post-checkout added/)],
    [
      "a filter in the configuration",
      [sh("git config filter.x.smudge 'touch /tmp/x'")],
      hidden(/\.git\/config modified/),
    ],
    [
      "a file monitor in the configuration",
      [sh("git config core.fsmonitor 'touch /tmp/x'")],
      hidden(/\.git\/config modified/),
    ],
    [
      "a configuration of its own for work trees",
      [write(".git/config.worktree", "[core]\n")],
      hidden(/\.git\/config\.worktree added/),
    ],
    [
      "attributes that travel with no commit",
      [write(".git/info/attributes", "* text\n")],
      hidden(/\.git\/info\/attributes added/),
    ],
    ["another branch", [git("git branch other")], hidden(/\.git\/refs\/heads\/other added/)],
    ["HEAD on another branch", [git("git switch -qc other")], hidden(/\.git\/HEAD modified/)],
    ["a detached HEAD", [git("git checkout -q --detach")], hidden(/\.git\/HEAD modified/)],
    ["a tag", [git("git tag v1")], hidden(/\.git\/refs\/tags\/v1 added/)],
    ["a stash", [git("echo x >> dir/c.txt; git stash -q; git stash apply -q")], hidden(/\.git\/refs\/stash added/)],
    ["a note", [git("git notes add -m x")], hidden(/\.git\/refs\/notes/)],
    ["a replaced object", [git("git commit -qam one; git replace HEAD HEAD~1")], hidden(/\.git\/refs\/replace/)],
    [
      "a ref of a remote",
      [git("git update-ref refs/remotes/origin/main HEAD")],
      hidden(/\.git\/refs\/remotes\/origin\/ added/),
    ],
    ["another ref, packed", [git("git tag v1; git pack-refs --all")], hidden(/\.git\/packed-refs/)],
    ["a linked work tree", [git("git worktree add -q /tmp/w")], hidden(/\.git\/worktrees/)],
    ["a merge left open", [sh("git rev-parse HEAD > .git/MERGE_HEAD")], hidden(/\.git\/MERGE_HEAD added/)],
    ["a cut history", [sh("git rev-parse HEAD > .git/shallow")], hidden(/\.git\/shallow added/)],
    [
      "objects from elsewhere",
      [write(".git/objects/info/alternates", "/tmp\n")],
      hidden(/\.git\/objects\/info\/alternates added/),
    ],
    [
      "the object store behind a link",
      [sh("mv .git/objects /tmp/o; ln -s /tmp/o .git/objects")],
      hidden(/\.git\/objects is now a link/),
    ],
    [
      "the index as a hard link",
      [{ hardlink: { path: ".git/index2", target: ".git/index" } }],
      hidden(/\.git\/index has 2 hard links|\.git\/index2/),
    ],
    [".git gone", [{ delete: ".git" }], hidden(/\.git/)],
    [".git as a pointer", [sh("mv .git /tmp/g; echo 'gitdir: /tmp/g' > .git")], hidden(/\.git/)],
    [".git behind a link", [sh("mv .git dir/g; ln -s dir/g .git")], hidden(/\.git/)],
    [
      "a remote, where pushing is forbidden",
      [git("git remote add origin https://example.org/x.git")],
      [["hidden_mutation", "forbidden_action_attempted"], /\.git\/config/],
      { forbidden_actions: ["push"] },
    ],
  ]);
});

describe("attributes and bytes", () => {
  const own = { allowed_paths: ["a.txt", "dir/", ".gitattributes"] };
  table([
    [
      ".gitattributes without its own rule",
      [write(".gitattributes", "*.bin -text\n")],
      disallowed(/: \.gitattributes$/),
      { allowed_paths: ["**"] },
    ],
    [
      ".gitattributes in an allowed folder",
      [write("dir/.gitattributes", "*.bin -text\n")],
      disallowed(/: dir\/\.gitattributes$/),
    ],
    [".gitattributes with its own rule and no effect", [write(".gitattributes", "*.bin -text\n")], PASS, own],
    [
      "line ends that come out otherwise",
      [write(".gitattributes", "*.txt text eol=crlf\n")],
      hidden(/b\.txt has other bytes in a fresh checkout/),
      own,
    ],
    [
      "line ends that go in otherwise",
      [write(".gitattributes", "* text=auto\n"), write("dir/d.txt", "one\r\ntwo\r\n")],
      hidden(/dir\/d\.txt has other bytes in a fresh checkout/),
      own,
    ],
    [
      "an identifier that git fills in",
      [write(".gitattributes", "*.txt ident\n"), write("dir/d.txt", "$Id$\n")],
      hidden(/dir\/d\.txt has other bytes in a fresh checkout/),
      own,
    ],
    [
      "an encoding that the files do not have",
      [write(".gitattributes", "*.txt working-tree-encoding=UTF-16\n")],
      hidden(/cannot be read|other bytes/),
      own,
    ],
    ["a filter that nobody defines", [write(".gitattributes", "*.txt filter=x\n")], PASS, own],
  ]);
});
