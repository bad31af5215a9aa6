#!/usr/bin/env bash
# The Debian programs that only tests need. As root on Debian they are installed; else they are
# named, and the tests that need them are skipped loudly (with CI=true such a skip is a failure).
set -euo pipefail
declare -A package=([chromium]=chromium [mosquitto]=mosquitto [mosquitto_pub]=mosquitto-clients [sipp]=sip-tester)
missing=()
for program in "${!package[@]}"; do
  command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing+=("${package[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "Not here, so their tests are skipped: ${missing[*]}. Install them to run every test." >&2
fi
