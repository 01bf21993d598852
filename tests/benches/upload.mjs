// 300 MB by tus, in one request and in pieces as the page sends them, against nginx taking the same bytes by PUT. The bytes are a
// film's only by name: what happens to them afterwards is not measured, so no worker runs.

import { once } from "node:events";
import { request } from "node:http";
import { startNginx } from "./nginx.mjs";
import { megabytes, residentMemory, rounds, say, stop } from "./processes.mjs";
import { logIn, startSite } from "./site.mjs";

const length = 300 * 2 ** 20;
const piece = 2 ** 20;
const block = Buffer.alloc(2 ** 16, "めぐるみ");

export async function measureUpload() {
  // One member sends all of it.
  const settings = {
    MEGURUMI_MEMBER_MAX_BYTES_PER_DAY: `${2 ** 40}`,
    MEGURUMI_MEMBER_MAX_WAITING_VIDEOS: "1000",
  };
  const site = await startSite("upload", ["--no-worker"], settings);
  const cookie = await logIn(site, "sender");
  const nginx = await startNginx();
  const best = { whole: 0, pieces: 0, nginx: 0 };
  const before = residentMemory(site.process.pid);
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMemory(site.process.pid));
  }, 20);
  for (let round = 1; round <= rounds; round++) {
    for (const [way, pieceBytes] of [["whole", length], ["pieces", piece]]) {
      const location = await createUpload(site, cookie);
      const speed = await timed(async () => {
        for (let offset = 0; offset < length; offset += pieceBytes) {
          await send(new URL(location, site.url), "PATCH", Math.min(pieceBytes, length - offset), 204, {
            cookie,
            origin: site.url,
            "sec-fetch-site": "same-origin",
            "tus-resumable": "1.0.0",
            "upload-offset": `${offset}`,
            "content-type": "application/offset+octet-stream",
          });
        }
      });
      best[way] = Math.max(best[way], speed);
    }
    const speed = await timed(() => send(new URL(`/put/${round}`, nginx.url), "PUT", length, 201, {}));
    best.nginx = Math.max(best.nginx, speed);
    say(`upload, round ${round}: best so far ${Object.entries(best).map(([way, s]) => `${way} ${rate(s)}`).join(", ")}`);
  }
  clearInterval(watch);
  await stop(nginx.process);
  await stop(site.process);
  return [
    ["upload of 300 MB, one request", rate(best.whole), rate(best.nginx), (best.whole / best.nginx).toFixed(2), "≥ 0.7"],
    ["upload of 300 MB, 1 MB pieces", rate(best.pieces), rate(best.nginx), (best.pieces / best.nginx).toFixed(2), "-"],
    ["upload: memory above idle", megabytes(peak - before), "-", "-", "≤ 64 MiB"],
  ];
}

/** A draft, and an upload for it; resolves to where the bytes go. */
async function createUpload(site, cookie) {
  const headers = { cookie, origin: site.url, "sec-fetch-site": "same-origin", accept: "application/json" };
  const draft = await fetch(`${site.url}/posts/new`, {
    method: "POST",
    headers,
    body: new URLSearchParams({ kind: "tip", title: "計測", body: "計測", version: "0" }),
  });
  if (!draft.ok) throw new Error(`a draft answered ${draft.status}: ${await draft.text()}`);
  const { id } = await draft.json();
  const metadata = { filename: "film.mp4", filetype: "video/mp4", post_id: id };
  const created = await fetch(`${site.url}/uploads`, {
    method: "POST",
    headers: {
      ...headers,
      "tus-resumable": "1.0.0",
      "upload-length": `${length}`,
      "upload-metadata": Object.entries(metadata).map(([name, value]) => `${name} ${btoa(value)}`).join(","),
    },
  });
  if (created.status !== 201) throw new Error(`an upload answered ${created.status}: ${await created.text()}`);
  return created.headers.get("location");
}

/** Sends `bytes` bytes as fast as they are taken. */
async function send(url, method, bytes, expected, headers) {
  const sending = request(url, { method, headers: { ...headers, "content-length": bytes } });
  const answered = once(sending, "response");
  answered.catch(() => {});
  for (let sent = 0; sent < bytes; sent += block.length) {
    if (!sending.write(block.subarray(0, bytes - sent))) await Promise.race([once(sending, "drain"), answered]);
  }
  sending.end();
  const [response] = await answered;
  response.resume();
  await once(response, "end");
  if (response.statusCode !== expected) throw new Error(`${method} ${url} answered ${response.statusCode}`);
}

/** Bytes per second. */
async function timed(work) {
  const begin = performance.now();
  await work();
  return length / ((performance.now() - begin) / 1000);
}

function rate(bytesPerSecond) {
  return `${Math.round(bytesPerSecond / 2 ** 20)} MiB/s`;
}
