# What the scripts of this folder share. Sourced, never run:  source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck shell=bash

# The repository's root folder.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root

# Prints its arguments after the script's name, on standard error.
say() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

# Prints a message that says what went wrong and what to do, and ends the script with exit code 1.
fail() {
  say "error: $*"
  exit 1
}

# The first Python 3 that has pip; several may be installed, and the first on PATH may be one without it.
python_with_pip() {
  local candidate
  for candidate in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null &&
      "$candidate" -m pip --version >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail "no Python 3.8 or newer with pip was found; run Scripts/setup, or install python3 and python3-pip"
}

# unpack_wheel NAME VERSION FOLDER: downloads a package from the Python package index, without its dependencies, and
# unpacks it into FOLDER. Nothing is installed and nothing of the package is run.
unpack_wheel() {
  local name=$1 version=$2 folder=$3 python
  python=$(python_with_pip)
  # Without --python-version, pip refuses a wheel that the Python at hand is too old to import; it is only unpacked.
  if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --dest "$folder/wheel" "$name==$version" >"$folder/pip.log" 2>&1; then
    tail -n 5 "$folder/pip.log" >&2
    fail "pip could not download $name $version (its last lines are above); check the network and pip's settings, then run this again"
  fi
  "$python" -m zipfile -e "$folder"/wheel/*.whl "$folder/unpacked" ||
    fail "the downloaded package of $name $version is not a readable zip archive; run this again"
}

# sha256 FILE: the file's SHA-256 in hexadecimal.
sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1" | cut -d ' ' -f 1
  else
    shasum -a 256 "$1" | cut -d ' ' -f 1
  fi
}
