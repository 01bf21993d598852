// Pages on a community of 10,000 posts: requests per second against nginx serving the same bytes from a file.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startNginx } from "./nginx.mjs";
import { rounds, run, say, stop } from "./processes.mjs";
import { logIn, sql, startSite } from "./site.mjs";

const seconds = Number(process.env.MEGURUMI_BENCH_SECONDS ?? 8);
const posts = 10_000;

export async function measurePages() {
  const site = await startSite("pages", ["--demo"]);
  await grow(site);
  const cookie = await logIn(site, "reader");
  const post = sql(site, "SELECT id FROM posts WHERE visibility = 'published' ORDER BY published_at DESC LIMIT 1");
  const pages = { home: "/", post: `/posts/${post}` };
  const files = {};
  for (const [name, path] of Object.entries(pages)) {
    const answer = await fetch(site.url + path);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    files[name] = { bytes: Buffer.from(await answer.arrayBuffer()), type: answer.headers.get("content-type") };
    say(`${name}: ${files[name].bytes.length} bytes`);
  }
  const nginx = await startNginx(files);

  const rows = [];
  for (const [name, path] of Object.entries(pages)) {
    const contenders = {
      ready: { url: site.url + path, goal: "≥ 0.75" },
      "rendered afresh": { url: site.url + path, afresh: true, goal: "≥ 0.3" },
      "logged in": { url: site.url + path, headers: { cookie }, goal: "≥ 0.3" },
      nginx: { url: `${nginx.url}/${name}` },
    };
    const best = Object.fromEntries(Object.keys(contenders).map((who) => [who, 0]));
    for (let round = 1; round <= rounds; round++) {
      for (const [who, contender] of Object.entries(contenders)) {
        best[who] = Math.max(best[who], await requestsPerSecond(contender));
      }
    }
    for (const who of Object.keys(contenders).filter((who) => who !== "nginx")) {
      rows.push([
        `${name} page, ${who}`,
        `${Math.round(best[who])}/s`,
        `${Math.round(best.nginx)}/s`,
        (best[who] / best.nginx).toFixed(2),
        contenders[who].goal,
      ]);
    }
  }
  await stop(nginx.process);
  await stop(site.process);
  return rows;
}

/** Waits for the demo to be whole, then copies its posts until there are enough. */
async function grow(site) {
  const unfinished = "SELECT count(*) FROM revisions WHERE state NOT IN ('published', 'queued', 'draft', 'superseded')";
  const published = "SELECT count(*) FROM posts WHERE visibility = 'published'";
  const deadline = Date.now() + 300_000;
  let base = 0;
  for (;;) {
    base = Number(sql(site, published));
    if (base >= 10 && sql(site, unfinished) === "0") break;
    if (Date.now() > deadline) throw new Error("the demo community does not get ready");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const times = Math.ceil((posts - base) / base);
  const statements = readFileSync(new URL("./grow.sql", import.meta.url), "utf8").replaceAll(":times", `${times}`);
  sql(site, `.timeout 30000\n${statements}`);
  say(`the community has ${sql(site, published)} posts`);
}

async function requestsPerSecond({ url, headers = {}, afresh = false }) {
  const script = afresh ? ["-s", fileURLToPath(new URL("./afresh.lua", import.meta.url))] : [];
  const given = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const { output } = await run("wrk", ["-t1", "-c32", `-d${seconds}s`, ...script, ...given, url]);
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`${url}:\n${output}`);
  return Number(output.match(/Requests\/sec:\s+([\d.]+)/)[1]);
}
