// What stands between a browser and the site: it counts the bytes of a film, narrows the line, and answers for the site with errors. The
// same for every browser, and for requests that a browser's own player makes.

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Site } from "./site.ts";

type Fault = { what: RegExp; status: number; after: number; left: number };

export class Line {
  /** Paths of what was fetched of films, without posters. */
  films: string[] = [];
  /** Of films, without posters. */
  filmBytes = 0;
  /** Answers that were errors of ours. */
  failed = 0;
  private faults: Fault[] = [];
  private bytesPerMs = Number.POSITIVE_INFINITY;
  private freeAt = 0;

  private constructor(
    private readonly site: Site,
    private readonly server: Server,
    readonly url: string,
  ) {
    server.on("request", (asked, answer) => this.pass(asked, answer));
  }

  static async before(site: Site): Promise<Line> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("no port");
    return new Line(site, server, `http://localhost:${address.port}`);
  }

  /** Answers `status` to requests whose path matches: to the first `times` of them, after letting `after` pass. */
  fail(what: RegExp, status: number, { times = Number.POSITIVE_INFINITY, after = 0 } = {}) {
    this.faults.push({ what, status, after, left: times });
  }

  narrow(bitsPerSecond: number) {
    this.bytesPerMs = bitsPerSecond / 8_000;
  }

  /** As wide and as good as it was, with nothing counted. */
  reset() {
    this.faults = [];
    this.bytesPerMs = Number.POSITIVE_INFINITY;
    this.films = [];
    this.filmBytes = 0;
    this.failed = 0;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  private pass(asked: IncomingMessage, answer: ServerResponse) {
    const path = asked.url ?? "/";
    const isFilm = /^\/media\/videos\/.*\.(m3u8|mp4|m4s)(\?|$)/.test(path);
    if (isFilm) this.films.push(path);
    const fault = this.faults.find(({ what, left }) => left > 0 && what.test(path));
    if (fault) {
      if (fault.after > 0) fault.after -= 1;
      else {
        fault.left -= 1;
        this.failed += 1;
        answer.writeHead(fault.status).end();
        return;
      }
    }
    const { hostname, port } = new URL(this.site.url);
    const { method, headers } = asked;
    const onward = request({ host: "127.0.0.1", hostname, port, path, method, headers });
    asked.pipe(onward);
    answer.on("close", () => onward.destroy());
    onward.on("error", () => answer.destroy());
    onward.on("response", async (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      try {
        for await (const bytes of given) await this.send(answer, bytes, isFilm);
        answer.end();
      } catch {
        answer.destroy();
      }
    });
  }

  private async send(answer: ServerResponse, bytes: Buffer, isFilm: boolean) {
    for (let at = 0; at < bytes.length && !answer.destroyed; at += 4_096) {
      const part = bytes.subarray(at, at + 4_096);
      const now = performance.now();
      this.freeAt = Math.max(now, this.freeAt) + part.length / this.bytesPerMs;
      if (this.freeAt > now + 1) {
        await new Promise((resolve) => setTimeout(resolve, this.freeAt - now));
      }
      if (isFilm) this.filmBytes += part.length;
      if (!answer.write(part)) {
        await new Promise<void>((resolve) => {
          const goOn = () => {
            answer.off("drain", goOn).off("close", goOn);
            resolve();
          };
          answer.once("drain", goOn).once("close", goOn);
        });
      }
    }
  }
}
