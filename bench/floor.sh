#!/bin/sh
# The governed run by hand: the same copy, commits, patch, fresh checkout, test, diff and digests, without gates, sandbox or evidence.
# usage: floor.sh FIXTURE PATCH COMMAND...    PATCH is the change, COMMAND the verification
set -eu
fixture=$1 patch=$2
shift 2
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_AUTHOR_NAME=floor GIT_AUTHOR_EMAIL=floor@cto.invalid GIT_COMMITTER_NAME=floor GIT_COMMITTER_EMAIL=floor@cto.invalid
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cp -R "$fixture" "$place/workspace"
cd "$place/workspace"
git init -q
git add -A
git commit -qm baseline

git apply "$patch"
git add -A
git commit -qm change
git diff --binary HEAD~1 HEAD >"$place/patch.diff"
git diff --name-status HEAD~1 HEAD >"$place/changed-files"

git clone -q --no-hardlinks . "$place/checkout"
cd "$place/checkout"
git checkout -q --detach HEAD~1
git apply "$place/patch.diff"
"$@" >"$place/test.log" 2>&1

git status --porcelain >"$place/status"
cd "$place"
sha256sum patch.diff changed-files test.log status >digests
