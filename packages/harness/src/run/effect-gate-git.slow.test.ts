import { describe } from "vitest";
import { disallowed, forbidden, hidden, link, PASS, type Row, sh, table, write } from "../__fixtures__/effect-table.ts";

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
