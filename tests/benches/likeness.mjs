// The nearest of 100,000 fingerprints, by the node's copy and by the same question in SQL. What is timed is all that a caller waits for:
// also asking the database what came since the last look.

import { join } from "node:path";
import { binaries, run, say, scratch } from "./processes.mjs";

const databases = {
  SQLite: join(scratch, "likeness.db"),
  // An empty database; without one PostgreSQL is left out.
  PostgreSQL: process.env.MEGURUMI_BENCH_POSTGRES,
};

export async function measureLikeness() {
  const rows = [];
  for (const [name, url] of Object.entries(databases)) {
    if (!url) continue;
    const { output } = await run(join(binaries ?? "", "examples", "likeness"), [url]);
    const { fingerprints, start, nearest, film, sql } = JSON.parse(output);
    const count = fingerprints.toLocaleString("en");
    say(`likeness on ${name}: ${count} fingerprints, read in ${start} ms at the first look`);
    rows.push(
      [`nearest of ${count} on ${name}, median`, time(nearest.p50), `${time(sql.p50)} (SQL)`, ratio(nearest.p50, sql.p50), "< 5 ms"],
      [`nearest of ${count} on ${name}, p99`, time(nearest.p99), `${time(sql.p99)} (SQL)`, ratio(nearest.p99, sql.p99), "< 5 ms"],
      [`like a film of 60 looks on ${name}, median`, time(film.p50), "-", "-", "-"],
      [`like a film of 60 looks on ${name}, p99`, time(film.p99), "-", "-", "-"],
    );
  }
  return rows;
}

function time(milliseconds) {
  return `${milliseconds.toFixed(2)} ms`;
}

function ratio(ours, peer) {
  return (ours / peer).toFixed(4);
}
