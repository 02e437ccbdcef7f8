#!/usr/bin/env bash
# Plans the head and the base into $RUNNER_TEMP/bulkplan, and sets the outputs of the step. How it went is an output too:
# the steps that follow tell people first, and fail then.
set -euo pipefail
: "${RUNNER_TEMP:?}" "${GITHUB_OUTPUT:?}" "${GITHUB_REPOSITORY:?}"
work=$RUNNER_TEMP/bulkplan
directory=${INPUT_DIRECTORY:-.}
target=${INPUT_TARGET:-}
tier=${INPUT_TIER:-counting}
rm -rf "$work"
mkdir -p "$work"

# What bulkplan prints may hold names from outside: no line of it is a command to the runner.
quietly() {
  local word code=0
  word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$word"
  "$@" || code=$?
  echo "::$word::"
  return "$code"
}

keep_first() {
  [ "$code" != 0 ] || code=$1
}

# A pull request from a fork gets no secret from GitHub. Should one be here all the same, it is not used.
if [ "$tier" = counting ] && [ "${IS_PULL_REQUEST:-false}" = true ] &&
  [ "${HEAD_REPOSITORY:-}" != "$GITHUB_REPOSITORY" ]; then
  echo "A pull request from a fork: its specs are checked offline, and nothing is planned for $target."
  tier=offline target=
fi
if [ "$tier" != counting ]; then
  tier=offline
  unset CLOSE_API_KEY BULKPLAN_PLAN_KEY GITHUB_TOKEN
fi

code=0
if [ "$tier" = offline ]; then
  for command in validate lint test; do
    quietly bulkplan -C "$directory" "$command" || keep_first $?
  done
fi

plan() {
  quietly bulkplan -C "$1" plan --target "$target" --out "$2" --failure "$3"
}

finish() {
  {
    echo "exit_code=$code"
    echo "tier=$tier"
  } >> "$GITHUB_OUTPUT"
  exit 0
}

[ -n "$target" ] || finish
plan "$directory" "$work/plan.json" "$work/failure.json" || keep_first $?

# A pull request is checked out as the merge of its head into its base: the base is the first parent.
base=$work/base
if [ "${INPUT_BASE:-true}" = true ] && git rev-parse --quiet --verify 'HEAD^2' > /dev/null; then
  git -c core.hooksPath=/dev/null worktree add --quiet --detach "$base" 'HEAD^1'
  if [ -e "$base/$directory/bulkplan.yaml" ] || [ -e "$base/$directory/specs" ]; then
    plan "$base/$directory" "$work/base.json" "$work/base-failure.json" > "$work/base.log" 2>&1 || true
  else
    touch "$work/base-is-empty"
  fi
  git worktree remove --force "$base"
fi

document=$work/plan.json
[ -e "$document" ] || document=$work/failure.json
bulkplan ci outputs "$document" || keep_first $?
finish
