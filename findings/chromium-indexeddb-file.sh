#!/usr/bin/env bash
# Chromium: a File put into IndexedDB is a copy in a lasting profile, and only a pointer to the disk in a private window.
#
# Guess: structured clone and a committed transaction make it a copy in both, kept in memory in the private window; so a page may go on
# with what it stored when the file it came from has changed or is gone.
# Seen (156): in a lasting profile it is a copy: the stored file is read whole after the original was appended to or removed. In a
# private window, and so in every `browser.newContext()` of Playwright, the transaction commits as well, at once, and the stored file
# fails exactly as the original does: NotReadableError after a change, NotFoundError after a removal. Putting a file that has already
# changed aborts the transaction (DataError) in a lasting profile and commits in a private window.
#
# Needs node, npm, and Debian's chromium. Exits 0 when it is still so.
set -euo pipefail

version=1.65.1
chromium=/usr/bin/chromium
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . "playwright-core@$version" >/dev/null
"$chromium" --version

cat >try.mjs <<'END'
import { appendFileSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const [executablePath] = process.argv.slice(2);
const launch = { executablePath, args: ["--no-sandbox"] };
const server = createServer((_, response) =>
  response.writeHead(200, { "content-type": "text/html" }).end("<input type=file>"),
);
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${server.address().port}/`;
const path = `${process.cwd()}/film.bin`;

const inPage = {
  put: () =>
    new Promise((resolve) => {
      const open = indexedDB.open("kept", 1);
      open.onupgradeneeded = () => open.result.createObjectStore("files");
      open.onsuccess = () => {
        const transaction = open.result.transaction("files", "readwrite");
        transaction.objectStore("files").put(document.querySelector("input").files[0], "film");
        transaction.oncomplete = () => resolve("committed");
        transaction.onabort = () => resolve(`aborted: ${transaction.error.name}`);
      };
    }),
  read: () =>
    new Promise((resolve) => {
      const open = indexedDB.open("kept", 1);
      open.onsuccess = () => {
        const get = open.result.transaction("files").objectStore("files").get("film");
        get.onsuccess = async () => {
          try {
            resolve(`${(await get.result.arrayBuffer()).byteLength} bytes`);
          } catch (error) {
            resolve(error.name);
          }
        };
      };
    }),
};

/** What happens to the stored file when the one on the disk changes after it was put, is removed, or changed before. */
async function seen(context) {
  const page = await context.newPage();
  await page.goto(address);
  const choose = async () => {
    writeFileSync(path, Buffer.alloc(3_000_000, 7));
    await page.locator("input").setInputFiles(path);
  };
  const lines = [];
  await choose();
  lines.push(`put: ${await page.evaluate(inPage.put)}`);
  appendFileSync(path, "x");
  lines.push(`read after a change: ${await page.evaluate(inPage.read)}`);
  await choose();
  await page.evaluate(inPage.put);
  unlinkSync(path);
  lines.push(`read after a removal: ${await page.evaluate(inPage.read)}`);
  await choose();
  appendFileSync(path, "x");
  lines.push(`put after a change: ${await page.evaluate(inPage.put)}`);
  return lines;
}

const lasting = await chromium.launchPersistentContext(`${process.cwd()}/profile`, launch);
const browser = await chromium.launch(launch);
const results = {
  "lasting profile": await seen(lasting),
  "private window": await seen(await browser.newContext()),
};
await lasting.close();
await browser.close();
server.close();
server.closeAllConnections();
const expected = {
  "lasting profile": [
    "put: committed",
    "read after a change: 3000000 bytes",
    "read after a removal: 3000000 bytes",
    "put after a change: aborted: DataError",
  ],
  "private window": [
    "put: committed",
    "read after a change: NotReadableError",
    "read after a removal: NotFoundError",
    "put after a change: committed",
  ],
};
for (const [name, lines] of Object.entries(results)) console.log(`${name}:\n  ${lines.join("\n  ")}`);
if (JSON.stringify(results) !== JSON.stringify(expected)) {
  console.log("it behaves otherwise now");
  process.exit(1);
}
END
node try.mjs "$chromium"
