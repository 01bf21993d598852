// The program under test: `megurumi serve` on a spare port with a folder of its own, its mails, and its `admin` command.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect } from "@playwright/test";
import PostalMime from "postal-mime";

export type Database = "sqlite" | "postgres";

export type SiteOptions = { database: Database };

export class Site {
  private process: ChildProcess | undefined;

  private constructor(
    readonly url: string,
    /** Everything the site keeps, its log beside it. */
    readonly data: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async start(database: Database, options: { demo?: boolean } = {}): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), "megurumi-site."));
    const port = await sparePort();
    const environment: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      TZ: "Asia/Tokyo",
      MEGURUMI_LOG: process.env.MEGURUMI_TEST_LOG ?? "info",
    };
    if (database === "postgres") {
      environment.MEGURUMI_DATABASE_URL = createPostgresDatabase(`browser_${port}`);
    }
    const site = new Site(`http://localhost:${port}`, join(folder, "data"), environment);
    await site.serve(options.demo ? ["--demo"] : []);
    return site;
  }

  private async serve(flags: string[] = []) {
    const listen = `127.0.0.1:${new URL(this.url).port}`;
    const child = spawn(binary(), ["serve", "--data", this.data, "--listen", listen, ...flags], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = createWriteStream(`${this.data}.log`, { flags: "a" });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.process = child;
    await expect
      .poll(
        async () => {
          if (child.exitCode !== null) throw new Error(`the site ended:\n${await this.log()}`);
          return fetch(`${this.url}/readyz`).then(
            (answer) => answer.status,
            () => 0,
          );
        },
        { message: "the site is ready", timeout: 60_000 },
      )
      .toBe(200);
  }

  /** Ends the process with no warning, and starts it again on the same folder. */
  async killAndRestart() {
    await this.kill();
    await this.restart();
  }

  async kill() {
    await this.end("SIGKILL");
  }

  async restart() {
    await this.serve();
  }

  async stop() {
    await this.end("SIGTERM");
    await rm(join(this.data, ".."), { recursive: true, force: true });
  }

  async log(): Promise<string> {
    return readFile(`${this.data}.log`, "utf8");
  }

  private async end(signal: NodeJS.Signals) {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** `megurumi admin …` on the same data; returns what it prints. */
  private admin(args: string[], input?: string): string {
    return execFileSync(binary(), ["admin", "--data", this.data, ...args], {
      env: this.environment,
      encoding: "utf8",
      input,
    });
  }

  /** An account as the operator makes it: confirmed, and of any role. */
  createAccount(
    role: "member" | "moderator" | "admin",
    person: { nickname: string; email: string; password: string },
  ) {
    const { nickname, email, password } = person;
    this.admin(
      ["create", "--role", role, "--nickname", nickname, "--email", email, "--password-stdin"],
      password,
    );
  }

  /** The plain text of the newest mail to `address`, once there is one that `holds` accepts. */
  async mailTo(address: string, holds: (text: string) => boolean = () => true): Promise<string> {
    let found: string | undefined;
    await expect
      .poll(
        async () => {
          found = (await this.mails(address)).find(holds);
          return found;
        },
        { message: `a mail to ${address}` },
      )
      .toBeDefined();
    return found as string;
  }

  /** Newest first. */
  private async mails(address: string): Promise<string[]> {
    const folder = join(this.data, "mail");
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".eml"));
    const mails = [];
    for (const name of names) {
      const mail = await PostalMime.parse(await readFile(join(folder, name)));
      if (mail.to?.some((to) => to.address === address)) {
        mails.push({
          at: Date.parse(mail.date ?? "") || 0,
          name,
          text: `${mail.subject}\n\n${mail.text ?? ""}`,
        });
      }
    }
    mails.sort((a, b) => b.at - a.at || b.name.localeCompare(a.name));
    return mails.map((mail) => mail.text);
  }
}

/** The first link in a mail that leads to the site. */
export function linkIn(mail: string, site: Site): string {
  const link = mail.match(/https?:\/\/[^\s<>"]+/)?.[0];
  if (!link?.startsWith(site.url)) throw new Error(`no link to ${site.url} in:\n${mail}`);
  return link;
}

function binary(): string {
  const path = process.env.MEGURUMI_TEST_BIN;
  if (!path) throw new Error("MEGURUMI_TEST_BIN must name the program; script/test sets it");
  return path;
}

function createPostgresDatabase(name: string): string {
  const server = process.env.MEGURUMI_TEST_POSTGRES;
  if (!server) throw new Error("MEGURUMI_TEST_POSTGRES must name a PostgreSQL; script/test starts one");
  execFileSync("psql", [server, "--quiet", "--command", `CREATE DATABASE ${name}`]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function sparePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** One site for each spec file's worker and database. A failed test leaves its log in the report. */
export const test = base.extend<{ keepLog: undefined }, SiteOptions & { site: Site }>({
  database: ["sqlite", { option: true, scope: "worker" }],
  site: [
    async ({ database }, use) => {
      const site = await Site.start(database);
      await use(site);
      await site.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  keepLog: [
    async ({ site }, use, info) => {
      await use(undefined);
      if (info.status !== info.expectedStatus) {
        await info.attach("site.log", { body: await site.log(), contentType: "text/plain" });
      }
    },
    { auto: true },
  ],
});

/** The same with a site that has the demo's community in it. */
export const demoTest = test.extend<object, { demo: Site }>({
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from this pattern.
    async ({}, use) => {
      const site = await Site.start("sqlite", { demo: true });
      await use(site);
      await site.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],
});

export { expect } from "@playwright/test";
