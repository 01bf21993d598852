# apt.sh: the Debian 12 packages that the site needs, by purpose, and need_packages to install what is missing.
#
# Every package is named, also those that most machines already have: a bare image has almost none.

# To compile. clang and libclang are for the bindings to libav*.
packages_build=(
  build-essential pkg-config clang libclang-dev ca-certificates
  libavcodec-dev libavformat-dev libavfilter-dev libavutil-dev libswresample-dev libswscale-dev
)
# To serve. The dictionary makes Japanese words out of sentences.
packages_serve=(mecab-ipadic)
# To test. The browsers and their fonts, the second database, a front, the CLI that makes clips for the browser to post and JPEG XL, and the one
# that makes HEIC and AVIF.
packages_test=(chromium curl ffmpeg firefox-esr fonts-noto-cjk git libheif-examples nginx-light postgresql procps shellcheck)
# To measure beside a peer.
packages_bench=(ffmpeg nginx-light sqlite3 time wrk)

# need_packages WHY NAME...: installs those that are missing; silent and quick when none is.
need_packages() {
  local why=$1 name as_root=()
  shift
  local missing=()
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  ((${#missing[@]})) || return 0

  say "installing Debian packages, $why: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "these packages need root, and there is no sudo; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  local log
  log=$(mktemp)
  # RUNLEVEL=1 leaves the services that come with a package (PostgreSQL, nginx) off: the scripts start private ones.
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    fail "the packages could not be installed"
  fi
  rm -f "$log"
}
