# postgres.sh: a private PostgreSQL for one run, in a temporary folder on a spare port. Needs paths.sh.
#
# The server refuses to run as root: root starts it as Debian's user postgres, anyone else as themselves.
# Sets postgres_url while it runs. Call stop_postgres on the way out.

postgres_home=
postgres_url=

as_postgres() {
  # From a folder that user may enter: the tools complain about an unreadable working directory.
  if ((EUID == 0)); then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

start_postgres() {
  local bin port try
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [[ -x $bin/initdb ]] || fail "PostgreSQL is not installed"
  # In /tmp and not in TMPDIR: the socket's path is limited to 107 bytes, and another user must reach it.
  postgres_home=$(mktemp -d /tmp/megurumi-postgres.XXXXXX)
  ((EUID != 0)) || chown postgres: "$postgres_home"
  as_postgres "$bin/initdb" --pgdata "$postgres_home/data" --username postgres --auth trust \
    --encoding UTF8 --locale C.UTF-8 --no-sync >"$postgres_home.log" 2>&1 ||
    { cat "$postgres_home.log" >&2; fail "PostgreSQL could not be set up"; }
  # A port can be taken between looking and binding, so binding is the look. Below Linux's ephemeral range.
  for try in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 10000))
    # Durability is off: nothing here outlives the run.
    if as_postgres "$bin/pg_ctl" start --wait --silent --pgdata "$postgres_home/data" \
      --log "$postgres_home/data/server.log" --options "-p $port -k $postgres_home -c listen_addresses=127.0.0.1 \
        -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off" >/dev/null 2>&1; then
      postgres_url=postgres://postgres@127.0.0.1:$port/postgres
      say "PostgreSQL is on port $port"
      return
    fi
  done
  as_postgres cat "$postgres_home/data/server.log" >&2
  fail "PostgreSQL did not start ($try tries)"
}

stop_postgres() {
  [[ -n $postgres_home ]] || return 0
  local bin
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  as_postgres "$bin/pg_ctl" stop --mode immediate --silent --pgdata "$postgres_home/data" >/dev/null 2>&1 || true
  rm -rf "$postgres_home" "$postgres_home.log"
  postgres_home=
}
