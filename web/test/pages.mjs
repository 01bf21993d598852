// Every sample page: valid HTML, nothing axe objects to, nothing wider than the screen, nothing the
// Content-Security-Policy blocks; some also with their suggestions open.
// Usage: node test/pages.mjs DIR [NAME…], where DIR is what `render-samples` wrote.
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { FileSystemConfigLoader, HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";
import { answer, openSuggestions } from "./suggestions.mjs";

const [dir, ...names] = process.argv.slice(2);
if (!dir) throw new Error("usage: node test/pages.mjs DIR [NAME…]");
const pages = readdirSync(dir)
  .filter((file) => file.endsWith(".html"))
  .filter((file) => names.length === 0 || names.some((name) => file.startsWith(`${name}.`)));
const failures = [];
const fail = (page, text) => {
  failures.push(page);
  console.error(`${page}: ${text}`);
};

const validate = new HtmlValidate(
  new FileSystemConfigLoader({
    extends: ["html-validate:standard"],
    rules: {
      // A title a person wrote is as long as it is.
      "long-title": "off",
      // Several buttons called `action` are how one form offers several acts.
      "form-dup-name": [
        "error",
        { allowCheckboxDefault: true, shared: ["radio", "button", "submit"] },
      ],
    },
  }),
);
for (const page of pages) {
  const report = await validate.validateString(readFileSync(join(dir, page), "utf8"), page);
  for (const result of report.results) {
    for (const message of result.messages) {
      fail(page, `${message.ruleId}: ${message.message} (line ${message.line})`);
    }
  }
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; font-src 'self'; " +
  "manifest-src 'self'; worker-src 'self' blob:";
const types = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};
const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
  if (path === "/search/suggest") {
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
    return;
  }
  try {
    const bytes = readFileSync(join(dir, path));
    const type = types[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-security-policy": policy });
    response.end(bytes);
  } catch {
    // The samples' media is not there; that is no failure of the page.
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

/** Ways of looking: every page on a phone by day; the Japanese ones also on a wide screen by night. */
const looks = [
  { width: 390, height: 844, colorScheme: "light", among: pages },
  {
    width: 1280,
    height: 800,
    colorScheme: "dark",
    among: pages.filter((page) => page.endsWith(".ja.html")),
  },
];
/** Pages that are also looked at with suggestions: from the head's search box, and from the search page's own. */
const suggesting = ["home", "search-first", "search"];

async function examine(tab, current) {
  const wider = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wider > 0) fail(current, `${wider} px wider than the screen`);
  // As tall as the page: what a bar at the bottom of the screen half covers just now is one scroll away from being whole.
  const tall = await tab.evaluate(() => document.documentElement.scrollHeight);
  await tab.setViewportSize({ width: tab.viewportSize().width, height: tall });
  const result =
    await tab.evaluate(`(() => { const module = undefined; ${axe}; return axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }); })()`);
  for (const violation of result.violations) {
    const where = violation.nodes
      .slice(0, 2)
      .map((node) => `${node.target.join(" ")} ${node.failureSummary}`);
    fail(current, `axe ${violation.id}: ${violation.help}\n    ${where.join("\n    ")}`);
  }
}

async function look({ width, height, colorScheme, among }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: "reduce",
  });
  // How long a page takes is not what is tested here, and the first ones wait for the browser to find its fonts.
  context.setDefaultNavigationTimeout(180_000);
  const tab = await context.newPage();
  let current = "";
  tab.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("404"))
      fail(current, message.text());
  });
  tab.on("pageerror", (error) => fail(current, error.message));
  for (const page of among) {
    current = `${page} at ${width} ${colorScheme}`;
    await tab.setViewportSize({ width, height });
    await tab.goto(`${origin}/${encodeURIComponent(page)}`, { waitUntil: "domcontentloaded" });
    await examine(tab, current);
    if (!suggesting.some((name) => page.startsWith(`${name}.`))) continue;
    current += ", suggesting";
    await tab.setViewportSize({ width, height });
    for (const wrong of await openSuggestions(tab)) fail(current, wrong);
    await examine(tab, current);
  }
  await context.close();
}
await Promise.all(looks.map(look));
await browser.close();
server.close();

console.log(`${pages.length} pages, ${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
