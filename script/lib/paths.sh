# paths.sh: where things are, and how a script speaks. Source it first; the other files of this folder need it.
#
# Sets: root (the repository), cache (what outlives a checkout: Node, garage), target (cargo's output).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/megurumi
# Cargo reads the same variable; a relative one would mean another folder after each `cd`.
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
export CARGO_TARGET_DIR=$target

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
