#!/usr/bin/env bash
# chromium-hls: what Chromium's own HLS, which canPlayType announces as "maybe", does on a network that is not perfect.
#
# Guess: as hls.js and Safari do. A segment that is answered 503 once is asked for again; a variant that is 404 is left out for
#   the other one; a playlist without EXT-X-ENDLIST is fetched again until it has one. With preload="none" a click on the
#   picture plays it, as it does once the film is known.
# Seen (Chromium 156): each of the three ends with DEMUXER_ERROR_COULD_NOT_PARSE; the request is never repeated, and the open playlist
#   fails before its first picture. Opening a page with preload="metadata" fetches whole segments. Before its metadata is
#   there, a click on the picture does nothing at all, whatever the source: only the buttons play.
set -euo pipefail

playwright=1.65.1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chromium --version
npm install --silent --no-audit --no-fund --prefix "$folder" "playwright-core@$playwright"

# Twenty seconds in two sizes, in segments of two.
ffmpeg -v error -f lavfi -i testsrc2=s=640x360:r=30:d=20 -f lavfi -i sine=d=20 \
  -filter_complex '[0]noise=alls=30:allf=t,split[a][b];[b]scale=320x180[c]' -map '[a]' -map 1 -map '[c]' -map 1 \
  -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 60 -keyint_min 60 -sc_threshold 0 -b:v:0 800k -b:v:1 200k -c:a aac \
  -f hls -hls_time 2 -hls_list_size 0 -hls_segment_type fmp4 -hls_playlist_type vod -hls_flags independent_segments \
  -master_pl_name master.m3u8 -var_stream_map 'v:0,a:0 v:1,a:1' -hls_segment_filename 'v%v-%d.m4s' v%v.m3u8

cat >look.mjs <<'JS'
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

let answer = () => undefined;
let asked = [];
const types = { html: "text/html", m3u8: "application/vnd.apple.mpegurl", m4s: "video/mp4", mp4: "video/mp4" };
const server = createServer((request, response) => {
  const name = request.url.slice(1) || "page.html";
  const given = answer(name);
  asked.push(name);
  const body = given ?? (name === "page.html" ? "<!doctype html><body>" : existsSync(name) && readFileSync(name));
  if (typeof given === "number" || body === false) return response.writeHead(given ?? 404).end();
  response.writeHead(200, { "content-type": types[name.split(".").at(-1)] ?? "text/plain" }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

/** A page with one film; `asked` is what was fetched for it. */
async function open(src, preload = "none", faults = () => undefined) {
  answer = faults;
  const page = await browser.newPage();
  await page.goto(url);
  asked = [];
  await page.evaluate(([src, preload]) => {
    const film = Object.assign(document.createElement("video"), { src, preload, controls: true, muted: true, width: 600 });
    document.body.append(film);
  }, [src, preload]);
  return page;
}

/** Plays until an error or for `seconds` of the film. */
async function play(page, seconds) {
  const seen = await page.evaluate(async (seconds) => {
    const film = document.querySelector("video");
    film.play().catch(() => {});
    for (let waited = 0; waited < 150 && !film.error && film.currentTime < seconds; waited += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return { error: film.error?.message, reached: film.currentTime >= seconds };
  }, seconds);
  await page.close();
  return seen;
}

function tell(what, seen) {
  console.log(`${what}: ${JSON.stringify(seen)}; asked for ${asked.join(" ")}`);
}

const says = await (await open("")).evaluate(() => document.createElement("video").canPlayType("application/vnd.apple.mpegurl"));
console.log(`canPlayType: ${says}`);
assert.equal(says, "maybe");

const good = await play(await open("master.m3u8"), 3);
tell("no faults", good);
assert.deepEqual(good, { error: undefined, reached: true });

let left = 1;
const once = await play(await open("v0.m3u8", "none", (name) => (name === "v0-2.m4s" && left-- > 0 ? 503 : undefined)), 6);
tell("one 503", once);
assert.match(once.error, /DEMUXER_ERROR_COULD_NOT_PARSE/);
assert.equal(asked.filter((name) => name === "v0-2.m4s").length, 1, "never asked for again");

const missing = await play(await open("master.m3u8", "none", (name) => (name === "v0.m3u8" ? 404 : undefined)), 6);
tell("one variant is 404", missing);
assert.match(missing.error, /DEMUXER_ERROR_COULD_NOT_PARSE/);

const growing = readFileSync("v0.m3u8", "utf8").split("\n").slice(0, 11).join("\n").replace("VOD", "EVENT");
const open_ = await play(await open("v0.m3u8", "none", (name) => (name === "v0.m3u8" ? `${growing}\n` : undefined)), 2);
tell("an open playlist", open_);
assert.match(open_.error, /DEMUXER_ERROR_COULD_NOT_PARSE/);

const page = await open("master.m3u8", "metadata");
await page.waitForFunction(() => document.querySelector("video").readyState >= 1);
await page.waitForLoadState("networkidle");
tell("merely opened, preload=metadata", {});
assert.ok(asked.filter((name) => name.endsWith(".m4s")).length >= 3);
await page.close();

for (const [preload, plays] of [["metadata", true], ["none", false]]) {
  const page = await open("master.m3u8", preload);
  if (preload === "metadata") await page.waitForFunction(() => document.querySelector("video").readyState >= 1);
  await page.mouse.click(300, 120);
  await page.waitForTimeout(1500);
  const paused = await page.evaluate(() => document.querySelector("video").paused);
  console.log(`a click on the picture, preload=${preload}: ${paused ? "nothing" : "plays"}`);
  assert.equal(!paused, plays);
  await page.close();
}
await browser.close();
server.close();
JS
node look.mjs
