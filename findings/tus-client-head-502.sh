#!/usr/bin/env bash
# tus-js-client 4.3.1: a HEAD that a front answers 502 sends an upload back to byte 0.
#
# Guess: `retryDelays` repeats a HEAD that was answered 502, as it repeats a PATCH that was; "the upload is gone" are 404 and 410.
# Seen: a HEAD answered 502 begins a new upload at once, whatever `retryDelays` say: after 6 of 10 bytes one PATCH and one HEAD are answered
# 502, and the next requests are POST and PATCH at offset 0. The first upload stays on the server until it expires. An error thrown in `onAfterResponse` is taken for a network error, and repeated: with
# it the HEAD is sent again and the upload goes on at byte 6.
#
# Needs node and npm. Exits 0 when it is still so.
set -euo pipefail

version=4.3.1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . "tus-js-client@$version" >/dev/null
echo "tus-js-client $(node -p 'require("./node_modules/tus-js-client/package.json").version'), node $(node --version)"

cat >try.mjs <<'END'
import { createServer } from "node:http";
import { Upload } from "tus-js-client";

/** Sends 10 bytes in pieces of 2 to a server that is away for one PATCH and one HEAD after 6; gives what was asked of it. */
async function send(options) {
  const asked = [];
  const uploads = [];
  let answers502 = 0;
  let wasAway = false;
  const server = createServer(async (request, response) => {
    let length = 0;
    for await (const chunk of request) length += chunk.length;
    const { method, headers, url } = request;
    asked.push(method + (method === "PATCH" ? ` at ${headers["upload-offset"]}` : ""));
    const id = Number(url.slice(1)) - 1;
    if (!wasAway && method === "PATCH" && uploads[id] === 6) {
      wasAway = true;
      answers502 = 2;
    }
    if (answers502 > 0) {
      answers502 -= 1;
      asked[asked.length - 1] += " -> 502";
      response.writeHead(502).end("<html>Bad Gateway</html>");
      return;
    }
    const fields = { "Tus-Resumable": "1.0.0" };
    if (method === "POST") {
      uploads.push(0);
      response.writeHead(201, { ...fields, Location: `/${uploads.length}` }).end();
      return;
    }
    if (method === "PATCH") uploads[id] = Number(headers["upload-offset"]) + length;
    Object.assign(fields, { "Upload-Offset": uploads[id], "Upload-Length": 10 });
    response.writeHead(method === "HEAD" ? 200 : 204, fields).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  await new Promise((resolve, reject) => {
    new Upload(Buffer.from("0123456789"), {
      endpoint: `http://127.0.0.1:${server.address().port}/`,
      chunkSize: 2,
      retryDelays: [10, 10, 10, 10],
      onSuccess: resolve,
      onError: reject,
      ...options,
    }).start();
  });
  server.close();
  server.closeAllConnections();
  return asked;
}

const expected = {
  "as it is": [
    ["POST", "PATCH at 0", "PATCH at 2", "PATCH at 4", "PATCH at 6 -> 502", "HEAD -> 502"],
    ["POST", "PATCH at 0", "PATCH at 2", "PATCH at 4", "PATCH at 6", "PATCH at 8"],
  ],
  "with an error in onAfterResponse": [
    ["POST", "PATCH at 0", "PATCH at 2", "PATCH at 4", "PATCH at 6 -> 502", "HEAD -> 502"],
    ["HEAD", "PATCH at 6", "PATCH at 8"],
  ],
};
const options = {
  "as it is": {},
  "with an error in onAfterResponse": {
    onAfterResponse(request, response) {
      if (request.getMethod() === "HEAD" && response.getStatus() >= 500) throw new Error("not an answer");
    },
  },
};
let changed = false;
for (const [name, parts] of Object.entries(expected)) {
  const asked = await send(options[name]);
  console.log(`${name}:\n  ${asked.join("\n  ")}`);
  if (asked.join() !== parts.flat().join()) changed = true;
}
if (changed) {
  console.log("it behaves otherwise now");
  process.exit(1);
}
END
node try.mjs
