import { pathTextToName } from "@cto/evidence-interface";

export interface PathClass {
  readonly weight: "must-look" | "should-look";
  readonly subject: string;
  readonly message: string;
}

const classes: readonly (PathClass & { readonly pattern: RegExp })[] = [
  {
    pattern:
      /(?:^|\/)(?:\.github\/(?:workflows|actions)|\.circleci|\.ci|\.buildkite|\.husky|\.githooks)\/|(?:^|\/)(?:\.gitlab-ci\.ya?ml|\.travis\.yml|azure-pipelines\.ya?ml|jenkinsfile|appveyor\.yml|makefile|justfile|dockerfile)$/i,
    weight: "must-look",
    subject: "build or CI file",
    message: "It runs on machines that hold credentials.",
  },
  {
    pattern: /(?:^|\/)\.(?:gitattributes|gitmodules|gitignore|npmrc|yarnrc(?:\.yml)?|pnpmfile\.c?js)$/i,
    weight: "must-look",
    subject: "tool settings",
    message: "It changes what git or the package manager does elsewhere.",
  },
  {
    pattern:
      /(?:^|\/)(?:tests?|__tests__|specs?)\/|[._-](?:test|spec)s?\.[^/]+$|(?:^|\/)test_[^/]+\.py$|(?:^|\/)conftest\.py$|tests?\.(?:java|kt|cs|swift)$/i,
    weight: "must-look",
    subject: "test file",
    message: "A check may have become weaker; compare what it asserted before.",
  },
  {
    pattern:
      /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|uv\.lock|pipfile\.lock|cargo\.lock|go\.sum|gemfile\.lock|composer\.lock)$/i,
    weight: "should-look",
    subject: "lock file",
    message: "The code of others changes with it.",
  },
  {
    pattern:
      /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|pyproject\.toml|setup\.(?:py|cfg)|requirements[^/]*\.txt|pipfile|cargo\.toml|go\.mod|gemfile|composer\.json|pom\.xml|build\.gradle(?:\.kts)?)$/i,
    weight: "should-look",
    subject: "dependency manifest",
    message: "Check new dependencies and scripts.",
  },
];

/** What kind of sensitive file a path text names, or undefined for an ordinary one. Names are matched without regard to case. */
export function classifyPath(pathText: string): PathClass | undefined {
  const name = pathTextToName(pathText) ?? pathText;
  const found = classes.find((entry) => entry.pattern.test(name));
  return found === undefined ? undefined : { weight: found.weight, subject: found.subject, message: found.message };
}
