#!/usr/bin/env bash
# Installs bulkplan into a virtual environment of its own, and puts nothing but bulkplan on the path of later steps.
set -euo pipefail
: "${RUNNER_TEMP:?}" "${GITHUB_PATH:?}"

fail() {
  echo "::error title=bulkplan setup::$1"
  exit 64
}

[[ ${INPUT_EXTRAS:-} =~ ^[a-z0-9,-]*$ ]] || fail "extras are names with commas between them, such as s3,postgres"
extras=${INPUT_EXTRAS:+[$INPUT_EXTRAS]}
if [ -n "${INPUT_PATH:-}" ]; then
  wanted=("$INPUT_PATH$extras")
else
  [[ ${INPUT_VERSION:-} =~ ^[0-9]+(\.[0-9]+)+[a-z0-9.]*$ ]] || fail "version is one version of bulkplan, such as 0.1.0"
  wanted=(--only-binary ":all:" "bulkplan$extras==$INPUT_VERSION")
fi

home=$RUNNER_TEMP/bulkplan-setup
python3 -m venv --clear --without-pip "$home/venv"
python3 -m pip --python "$home/venv/bin/python" install --quiet --disable-pip-version-check "${wanted[@]}"
mkdir -p "$home/bin"
ln -sf "$home/venv/bin/bulkplan" "$home/bin/bulkplan"
echo "$home/bin" >> "$GITHUB_PATH"
"$home/bin/bulkplan" --version
