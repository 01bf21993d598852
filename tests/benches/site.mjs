// The site under measure: the release binary on a folder of its own, SQLite, and people who are logged in.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { binaries, scratch, serve, sparePort } from "./processes.mjs";

const program = join(binaries ?? "", "megurumi");

/** `name` is the folder's; `flags` go to `megurumi serve`. */
export async function startSite(name, flags = [], settings = {}) {
  const data = join(scratch, name);
  const port = await sparePort();
  const url = `http://localhost:${port}`;
  const env = { PATH: process.env.PATH, MEGURUMI_LOG: "warn", ...settings };
  const process_ = await serve(program, ["serve", "--data", data, "--listen", `127.0.0.1:${port}`, ...flags], {
    url: `${url}/readyz`,
    env,
  });
  return { url, data, env, process: process_ };
}

/** SQL on the site's database; returns what sqlite3 prints. */
export function sql(site, statements) {
  return execFileSync("sqlite3", [join(site.data, "megurumi.db")], { input: statements, encoding: "utf8" }).trim();
}

/** Makes a confirmed member, logs in, and resolves to the cookie header. */
export async function logIn(site, nickname) {
  const email = `${nickname}@example.jp`;
  const password = "かぼちゃを つぶす 朝";
  execFileSync(
    program,
    ["admin", "--data", site.data, "create", "--role", "member", "--nickname", nickname, "--email", email, "--password-stdin"],
    { input: password, env: site.env },
  );
  const answer = await fetch(`${site.url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: site.url, "sec-fetch-site": "same-origin" },
    body: new URLSearchParams({ email, password, next: "/" }),
  });
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  if (answer.status !== 303 || cookies.length === 0) throw new Error(`log-in answered ${answer.status}`);
  return cookies.join("; ");
}
