// What stands before a site on the internet: Debian's nginx as it comes, with its log of what was sent to it.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { type Site, sparePort } from "./site.ts";

export type Logged = { method: string; path: string; status: number; bodyBytes: number };

export class Front {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  /** `buffering`: whether it takes a request's body whole before it asks the site, as nginx does by default. */
  static async before(site: Site, buffering: "on" | "off"): Promise<Front> {
    const folder = await mkdtemp(join(tmpdir(), "megurumi-front."));
    const port = await sparePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(" ");
    // The length of what came, and of what was announced: a cut request brings less, and the first counts the header as well.
    const format = `'$request_method $request_uri $status $request_length $content_length'`;
    await writeFile(
      join(folder, "nginx.conf"),
      `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
       ${process.getuid?.() === 0 ? "user root;" : ""}
       events { worker_connections 64; }
       http {
         ${temporary}
         log_format sent ${format};
         access_log ${folder}/access.log sent;
         server {
           listen 127.0.0.1:${port};
           location / {
             proxy_pass http://127.0.0.1:${new URL(site.url).port};
             proxy_http_version 1.1;
             proxy_set_header Host $http_host;
             proxy_request_buffering ${buffering};
           }
         }
       }`,
    );
    const child = spawn("/usr/sbin/nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.on("data", (text) => {
      told += text;
    });
    const url = `http://localhost:${port}`;
    await expect
      .poll(
        () => {
          if (child.exitCode !== null) throw new Error(`nginx ended: ${told}`);
          return fetch(`${url}/readyz`).then(
            (answer) => answer.status,
            () => 0,
          );
        },
        { message: "the front is ready" },
      )
      .toBe(200);
    return new Front(url, folder, child);
  }

  /** Every request to `/uploads…` that was answered. */
  async uploads(): Promise<Logged[]> {
    const lines = (await readFile(join(this.folder, "access.log"), "utf8")).split("\n");
    return lines
      .map((line) => line.split(" "))
      .map(([method = "", path = "", status, came, announced]) => ({
        method,
        path,
        status: Number(status),
        bodyBytes: Math.min(Number(came), Number(announced) || 0),
      }))
      .filter(({ path }) => path.startsWith("/uploads"));
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
