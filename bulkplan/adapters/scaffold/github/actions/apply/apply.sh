#!/usr/bin/env bash
# Applies. bulkplan takes the place of this script, so that a signal of the runner reaches it: then nothing new starts,
# what is in flight is recorded, and it ends within the runner's grace.
set -euo pipefail
: "${RUNNER_TEMP:?}" "${INPUT_TARGET:?}"
work=$RUNNER_TEMP/bulkplan-apply

# What bulkplan prints may hold names from outside: no line of it is a command to the runner, to the end of this step.
echo "::stop-commands::$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
exec bulkplan -C "${INPUT_DIRECTORY:-.}" apply --target "$INPUT_TARGET" --no-input \
  --reviewed "$work/reviewed" --report "$work/report.json" --failure "$work/failure.json"
