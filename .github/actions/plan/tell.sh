#!/usr/bin/env bash
# Tells people what plan.sh found: beside the lines of the specs, in the summary, in a comment. Never fails the job.
set -euo pipefail
: "${RUNNER_TEMP:?}"
work=$RUNNER_TEMP/bulkplan

attempt() {
  "$@" || echo "::warning title=bulkplan::$1 $2 $3 ended with $?; the plan itself is in the log"
}

document=$work/plan.json
[ -e "$document" ] || document=$work/failure.json
against=()
if [ -e "$work/base.json" ]; then
  against=(--base "$work/base.json")
elif [ -e "$work/base-is-empty" ]; then
  against=(--empty-base)
elif [ -e "$work/base-failure.json" ]; then
  against=(--base "$work/base-failure.json")
fi

failure=()
[ ! -e "$work/failure.json" ] || failure=("$work/failure.json")
attempt bulkplan ci annotate "${failure[@]}" -C "${INPUT_DIRECTORY:-.}"
[ -e "$document" ] || exit 0
attempt bulkplan ci summary "$document" "${against[@]}"
if [ "${INPUT_COMMENT:-false}" = true ]; then
  attempt bulkplan ci comment "$document" "${against[@]}" --target "${INPUT_TARGET:?}"
fi
