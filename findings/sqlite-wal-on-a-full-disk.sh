#!/usr/bin/env bash
# A SQLite database in WAL mode can be read on a full disk only as long as somebody has it open.
#
# Guess: reading needs no room, so a SELECT works on a full disk, whoever opens the file; and a COMMIT that fails leaves its transaction open,
# to be rolled back or tried again. Seen (SQLite 3.40.1, Debian 12):
# - while it is open, others may open it and read; a write is SQLITE_FULL;
# - once the last connection has closed it in good order, the index of the WAL is gone with it, and a SELECT fails: there is no room to make that
#   file again. That is no SQLITE_FULL but SQLITE_IOERR_SHMSIZE, "disk I/O error", so a server that is started anew on a full disk can't even read;
# - a COMMIT that fails for want of room has rolled its transaction back: what is written next would be committed by itself.
#
# Needs python3 (its sqlite3 module), and root or user namespaces to mount a disk of 2 MiB. Ends with 0 as long as it is as described.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
as=()
((EUID == 0)) || as=(--map-root-user)
# shellcheck disable=SC2016 # "$0" and "$1" are the inner shell's.
unshare "${as[@]}" --mount sh -c 'mount -t tmpfs -o size=2m none "$0" && cd "$0" && exec python3 -c "$1"' "$folder" '
import os, sqlite3

print("SQLite", sqlite3.sqlite_version, "expected 3.40.1")
assert sqlite3.sqlite_version == "3.40.1"

def outcome(connection, sql, *values):
    try:
        connection.execute(sql, values).fetchall()
        told = "ok"
    except sqlite3.Error as error:
        told = error.sqlite_errorname
    print(f"  {sql:<32} {told}")
    return told

def fill():
    ballast = os.open("ballast", os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(ballast, bytes(4096))
    except OSError:
        os.close(ballast)

database = sqlite3.connect("a.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("CREATE TABLE t (a)")
database.execute("INSERT INTO t VALUES (1)")
fill()
print("on a full disk, open since before:")
other = sqlite3.connect("a.db", isolation_level=None)
assert outcome(other, "SELECT a FROM t") == "ok"
other.close()
assert outcome(database, "INSERT INTO t VALUES (2)") == "SQLITE_FULL"
assert outcome(database, "BEGIN IMMEDIATE") == "ok"
assert outcome(database, "INSERT INTO t VALUES (zeroblob(9))") == "ok"
assert outcome(database, "COMMIT") == "SQLITE_FULL"
print("  a transaction is open:", database.in_transaction)
assert not database.in_transaction
os.remove("ballast")
database.close()
fill()
print("closed in good order, and opened on a full disk:")
database = sqlite3.connect("a.db", isolation_level=None)
assert outcome(database, "SELECT a FROM t") == "SQLITE_IOERR_SHMSIZE"
os.remove("ballast")
print("with room again:")
assert outcome(database, "SELECT a FROM t") == "ok"
'
