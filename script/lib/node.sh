# node.sh: a Node that is new enough. Needs paths.sh and apt.sh.
#
# Debian 12 ships Node 18, and the checkers of the web part (Vitest, html-validate) ask for 20.19 or 22.12 and up. So Debian's
# npm is only the ladder: it fetches a Node and an npm from the npm registry into the cache, where they touch nothing else.

node_version=22.23.3
npm_version=11.19.1

node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null && node --eval '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1);
  '
}

# need_node: afterwards `node` and `npm` are on PATH and new enough.
need_node() {
  node_is_new_enough && return
  local home=$cache/node-$node_version platform
  case $(uname -m) in
    x86_64) platform=linux-x64 ;;
    aarch64) platform=linux-arm64 ;;
    *) fail "no Node for $(uname -m) is known here; install Node 22 and npm yourself and run this again" ;;
  esac
  if [[ ! -x $home/node_modules/node-$platform/bin/node || ! -e $home/node_modules/.bin/npm ]]; then
    command -v npm >/dev/null || need_packages "to fetch Node" nodejs npm
    say "fetching Node $node_version from the npm registry into $home"
    mkdir -p "$home"
    npm install --prefix "$home" --no-save --no-audit --no-fund --loglevel error \
      "node-$platform@$node_version" "npm@$npm_version"
  fi
  export PATH=$home/node_modules/node-$platform/bin:$home/node_modules/.bin:$PATH
  hash -r
  node_is_new_enough || fail "the Node in $home does not run"
}

# need_npm_packages FOLDER: what FOLDER/package-lock.json asks for, if it is not there yet.
need_npm_packages() {
  local folder=$1
  # npm leaves a copy of the lock it installed; the same content means there is nothing to do.
  local stamp=$folder/node_modules/.installed-lock
  cmp -s "$folder/package-lock.json" "$stamp" && return
  say "installing npm packages in ${folder#"$root"/}"
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix "$folder" --no-audit --no-fund --loglevel error
  cp "$folder/package-lock.json" "$stamp"
}
