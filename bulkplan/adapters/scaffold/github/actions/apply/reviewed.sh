#!/usr/bin/env bash
# Fetches the plans that the merged pull requests were reviewed by.
set -euo pipefail
: "${RUNNER_TEMP:?}" "${INPUT_TARGET:?}"
work=$RUNNER_TEMP/bulkplan-apply
rm -rf "$work"
mkdir -p "$work"
exec bulkplan -C "${INPUT_DIRECTORY:-.}" ci reviewed --target "$INPUT_TARGET" --out "$work/reviewed"
