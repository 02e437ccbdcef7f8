#!/usr/bin/env bash
# Tells people what the apply did, or why it stopped: in the summary, and in a new comment where somebody is needed.
set -euo pipefail
: "${RUNNER_TEMP:?}" "${INPUT_TARGET:?}"
work=$RUNNER_TEMP/bulkplan-apply

attempt() {
  "$@" || echo "::warning title=bulkplan::$1 $2 $3 ended with $?; what was done is in the log"
}

for document in report failure; do
  [ ! -e "$work/$document.json" ] || attempt bulkplan ci summary "$work/$document.json"
done
[ ! -e "$work/failure.json" ] || attempt bulkplan ci comment "$work/failure.json" --new --target "$INPUT_TARGET"
