// A film and the networks it has to come through: in Debian's Chromium, which has HLS of its own, and in its Firefox, which has none. What
// stands between them and the site fails as real ones do.

import { readdirSync, readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "@playwright/test";
import puppeteer from "puppeteer-core";
import { Line } from "./line.ts";
import { makeLongFilm } from "./media.ts";
import { desk, Person, phone } from "./people.ts";
import { test as base, expect, type Site } from "./site.ts";

const seconds = 40;

const test = base.extend<{ line: Line }, { film: string; published: string }>({
  // A reader's browser lets nothing play that was not touched.
  launchOptions: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from this pattern.
    async ({}, use, info) => {
      const { launchOptions } = info.project.use;
      const args = launchOptions?.args?.filter((arg) => !arg.startsWith("--autoplay-policy")) ?? [];
      await use({ ...launchOptions, args });
    },
    { scope: "worker" },
  ],
  film: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from this pattern.
    async ({}, use, info) => {
      const path = `${info.project.outputDir}/${info.workerIndex}-forty-seconds.mp4`;
      makeLongFilm(path, seconds);
      await use(path);
    },
    { scope: "worker" },
  ],
  /** The address of a published post with it. */
  published: [
    async ({ browser, site, film }, use) => {
      const { post, author } = await send(browser, site, film, "こはる");
      await expect(author.page.locator("[data-video-status]")).toContainText("準備ができました", {
        timeout: 120_000,
      });
      await handIn(author.page, "野菜スティック");
      await author.leave();
      await approve(browser, site, "野菜スティック");
      await use(`/posts/${post}`);
    },
    { scope: "worker", timeout: 240_000 },
  ],
  line: async ({ site }, use) => {
    const line = await Line.before(site);
    await use(line);
    line.stop();
  },
});

test.describe.configure({ mode: "serial" });

test("nothing of a film is fetched before it is played, and the first touch plays it", async ({
  browser,
  line,
  published,
}) => {
  const touches: [string, typeof phone | typeof desk, (page: Page, film: Locator) => Promise<void>][] = [
    ["a click on the picture", desk, (_page, film) => film.click({ position: { x: 200, y: 100 } })],
    ["a tap on the picture", phone, (_page, film) => film.tap({ position: { x: 150, y: 60 } })],
    [
      "the space bar",
      desk,
      async (page, film) => {
        await film.focus();
        await page.keyboard.press("Space");
      },
    ],
    [
      "the enter key",
      phone,
      async (page, film) => {
        await film.focus();
        await page.keyboard.press("Enter");
      },
    ],
  ];
  for (const [name, screen, touch] of touches) {
    await test.step(name, async () => {
      const page = await open(browser, line, published, { screen });
      expect(line.films, "nothing of the film yet").toEqual([]);
      const film = page.locator("video");
      await touch(page, film);
      await plays(film, 1);
      const sizes = line.films.filter((path) => path.endsWith(".mp4"));
      expect(sizes[0], "the smallest size comes first").toContain("240p");
      await page.context().close();
    });
  }
});

test("one answer of 503 in the middle of a film is passed over", async ({ browser, line, published }) => {
  const page = await open(browser, line, published);
  line.fail(/p\.mp4$/, 503, { times: 1, after: 4 });
  await page.locator("video").click({ position: { x: 200, y: 100 } });
  await expect.poll(() => line.failed, { message: "it happened" }).toBe(1);
  await playsOnFrom(page.locator("video"), 12);
  await expect(said(page)).toHaveCount(0);
  await page.context().close();
});

test("a size that is gone is done without, whichever it is", async ({ browser, line, published }) => {
  for (const size of ["240p", "360p"]) {
    const page = await open(browser, line, published);
    line.fail(new RegExp(`${size}\\.m3u8`), 404);
    await page.locator("video").click({ position: { x: 200, y: 100 } });
    await plays(page.locator("video"), 2);
    expect(
      line.films.some((path) => path.includes("plain.mp4")),
      "still with a choice of sizes",
    ).toBe(false);
    await page.context().close();
  }
});

test("on a narrow line it begins small, and whoever leaves early has not fetched it all", async ({
  browser,
  line,
  published,
}) => {
  const page = await open(browser, line, published);
  const whole = await bytesOf(page, line, "360p.mp4");
  await page.context().close();
  for (const megabits of [2, 10]) {
    await test.step(`${megabits} Mbit/s`, async () => {
      line.narrow(megabits * 1e6);
      const page = await open(browser, line, published);
      expect(line.filmBytes, "on merely opening the page").toBe(0);
      await page.locator("video").click({ position: { x: 200, y: 100 } });
      await plays(page.locator("video"), 3);
      await page.locator("video").evaluate((film: HTMLVideoElement) => film.pause());
      await page.waitForLoadState("networkidle");
      // Some seconds that were played, twenty ahead, a piece that was under way, and the first one in the smallest size.
      const most = (whole * 34) / seconds;
      expect(line.filmBytes).toBeLessThan(most);
      await page.context().close();
      await test.info().attach(`${megabits} Mbit/s`, { body: `${line.filmBytes} of ${whole} bytes` });
    });
  }
});

test("where nothing comes it says so, and goes on at the same place when asked to", async ({
  browser,
  line,
  published,
}) => {
  const page = await open(browser, line, published, { screen: phone });
  const film = page.locator("video");
  line.fail(/^\/media\/videos\/.*(m3u8|mp4)/, 503);
  await film.evaluate((video: HTMLVideoElement) => {
    video.currentTime = 20;
  });
  await film.tap({ position: { x: 150, y: 60 } });
  await expect(said(page)).toContainText("動画を読みこめませんでした");
  expect(
    line.films.some((path) => path.endsWith("plain.mp4")),
    "the file was tried too",
  ).toBe(true);
  line.reset();
  const again = page.getByRole("button", { name: "もう一度" });
  await again.focus();
  await page.keyboard.press("Enter");
  await playsOnFrom(film, 20.5);
  expect(await film.evaluate((video: HTMLVideoElement) => video.currentTime)).toBeLessThan(30);
  await expect(said(page)).toHaveCount(0);
  await page.context().close();
});

test("a film that has moved is found again by opening the page anew", async ({
  browser,
  line,
  published,
}) => {
  const page = await open(browser, line, published);
  line.fail(/^\/media\/videos\/.*(m3u8|mp4)/, 404);
  await page.locator("video").click({ position: { x: 200, y: 100 } });
  await expect(said(page)).toContainText("場所が変わりました");
  line.reset();
  await page.getByRole("button", { name: "開きなおす" }).click();
  await expect(said(page)).toHaveCount(0);
  await page.locator("video").click({ position: { x: 200, y: 100 } });
  await plays(page.locator("video"), 1);
  await page.context().close();
});

test("a browser's own HLS is followed by the plain file where it fails", async ({
  browser,
  line,
  published,
}) => {
  const page = await open(browser, line, published, { withoutMediaSource: true });
  expect(line.films).toEqual([]);
  line.fail(/p\.mp4$/, 503, { after: 2 });
  await page.locator("video").click({ position: { x: 200, y: 100 } });
  await expect.poll(() => line.films.some((path) => path.endsWith("plain.mp4"))).toBe(true);
  await plays(page.locator("video"), 1);
  await page.context().close();
});

test("without scripts the plain file is played", async ({ browser, line, published }) => {
  const page = await open(browser, line, published, { scripts: false });
  expect(line.films).toEqual([]);
  await page.locator("video").focus();
  await page.keyboard.press("Space");
  await expect.poll(() => line.filmBytes).toBeGreaterThan(10_000);
  expect(new Set(line.films.map((path) => path.split("/").at(-1)))).toEqual(new Set(["plain.mp4"]));
  await page.context().close();
});

test("a film that is still being made waits at its end for more", async ({ browser, site, film }) => {
  const { post, author } = await send(browser, site, film, "なぎさ");
  const { page } = author;
  const growing = page.locator("[data-growing]");
  await expect(async () => {
    await page.goto(`/posts/${post}`);
    await expect(growing).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 120_000 });
  const halted = halt(site);
  try {
    await page.reload();
    await expect(growing).toContainText("いま変換しています");
    const video = page.locator("video");
    const ready = (await growing.getAttribute("data-ready")) ?? "";
    const edge = Number(ready.split(":")[0]) * 60 + Number(ready.split(":")[1]);
    await video.evaluate((element: HTMLVideoElement, from) => {
      element.currentTime = from;
      element.addEventListener("ended", () => element.toggleAttribute("data-ended", true));
    }, edge - 2);
    await video.click({ position: { x: 200, y: 100 } });
    await expect(said(page)).toContainText("この先は、いま変換しています");
    await expect(video).not.toHaveAttribute("data-ended");
    resume(halted);
    const goesOn = { message: "goes on by itself", timeout: 120_000 };
    await expect.poll(() => timeOf(video), goesOn).toBeGreaterThan(edge + 1);
    await expect(growing).toContainText("最後まで見られます", { timeout: 120_000 });
    await expect(said(page)).toHaveCount(0);
    // It may have come to its end meanwhile.
    await video.evaluate((element: HTMLVideoElement, at) => {
      if (!element.ended) element.currentTime = at;
    }, seconds - 1);
    await expect(video).toHaveAttribute("data-ended");
  } finally {
    resume(halted);
  }
  await author.leave();
});

test("Firefox fetches nothing before the first touch, and passes over a 503", async ({ line, published }) => {
  const firefox = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr" });
  try {
    const page = await firefox.newPage();
    await page.goto(line.url + published, { waitUntil: "networkidle0" });
    expect(line.films).toEqual([]);
    line.fail(/p\.mp4$/, 503, { times: 1, after: 3 });
    await page.click("video", { offset: { x: 200, y: 100 } });
    const time = () => page.$eval("video", (film) => (film as HTMLVideoElement).currentTime);
    await expect.poll(time).toBeGreaterThan(2);
    await expect.poll(() => line.failed).toBe(1);
    const there = await page.$eval("video", (film) => {
      const video = film as HTMLVideoElement;
      video.currentTime = 12;
      return video.error === null && !video.paused;
    });
    expect(there).toBe(true);
    await expect.poll(time).toBeGreaterThan(13);
  } finally {
    await firefox.close();
  }
});

/** The page as a visitor sees it, with all of it there that comes by itself. */
async function open(
  browser: Browser,
  line: Line,
  path: string,
  {
    screen = desk,
    scripts = true,
    withoutMediaSource = false,
  }: { screen?: typeof phone | typeof desk; scripts?: boolean; withoutMediaSource?: boolean } = {},
): Promise<Page> {
  const context = await browser.newContext({ ...screen, javaScriptEnabled: scripts, locale: "ja-JP" });
  if (withoutMediaSource) await context.addInitScript("delete window.MediaSource");
  const page = await context.newPage();
  line.reset();
  await page.goto(line.url + path, { waitUntil: "networkidle" });
  await page.locator("video").scrollIntoViewIfNeeded();
  return page;
}

const said = (page: Page) => page.locator("[data-player-says] > p");

const timeOf = (film: Locator) => film.evaluate((video: HTMLVideoElement) => video.currentTime);

/** Plays for so long from where it is. */
async function plays(film: Locator, seconds: number) {
  const from = await timeOf(film);
  await expect.poll(() => timeOf(film), { message: "time moves on" }).toBeGreaterThan(from + seconds);
}

/** Plays from there on, after a leap to it where it is not yet there. */
async function playsOnFrom(film: Locator, from: number) {
  await film.evaluate((video: HTMLVideoElement, from) => {
    if (video.readyState > 0 && video.currentTime < from) video.currentTime = from;
  }, from);
  await expect.poll(() => timeOf(film), { message: `plays from ${from} s on` }).toBeGreaterThan(from + 1);
  expect(await film.evaluate((video: HTMLVideoElement) => video.paused)).toBe(false);
}

/** All bytes of one size. */
async function bytesOf(page: Page, line: Line, file: string): Promise<number> {
  const playlist = (await page.locator("video").getAttribute("data-hls")) as string;
  const address = new URL(playlist.replace(/[^/]*$/, file), line.url).href;
  const answer = await page.request.head(address);
  return Number(answer.headers()["content-length"]);
}

/** A draft with the film under way. */
async function send(
  browser: Browser,
  site: Site,
  film: string,
  nickname: string,
): Promise<{ post: string; author: Person }> {
  const author = await Person.with(browser, site, nickname, `${encodeURIComponent(nickname)}@example.jp`, {
    screen: desk,
  });
  site.createAccount("member", author);
  await author.logIn();
  const { page } = author;
  await page.goto("/posts/new?kind=recipe");
  const asked = page.waitForRequest(/\/posts\/[^/]+\/status/);
  await page.locator("#f-video").setInputFiles(film);
  const post = (await asked).url().match(/posts\/([^/]+)\/status/)?.[1] as string;
  await expect(page.locator("[data-video-status]")).toContainText(
    /順番を待っています|見られる形にし|準備ができました/,
    { timeout: 60_000 },
  );
  return { post, author };
}

async function handIn(page: Page, title: string) {
  await page.getByLabel("題名").fill(title);
  await page.getByLabel("材料と、つくり方").fill("にんじんをゆでて、手でにぎれる太さに切ります。");
  await page.getByLabel("地域").selectOption({ label: "宇治市" });
  await page.getByRole("button", { name: "投稿する" }).click();
  await expect(page.getByRole("main")).toContainText("確認待ち");
}

async function approve(browser: Browser, site: Site, title: string) {
  const moderator = await Person.with(browser, site, "つばめ", "tsubame@example.jp", { screen: desk });
  site.createAccount("moderator", moderator);
  await moderator.logIn();
  await moderator.page.goto("/review");
  await moderator.page.getByRole("link", { name: title }).click();
  await moderator.page.getByRole("button", { name: "公開する" }).click();
  await expect(moderator.page.getByRole("main")).toContainText("公開しました");
  await moderator.leave();
}

/** Holds the site's transcoder, so that a film stays as far as it is. Returns its processes. */
function halt(site: Site): number[] {
  const ours = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return command.includes("megurumi-transcoder") && command.includes(site.data);
    } catch {
      return false;
    }
  });
  expect(ours.length, "the film is being made").toBeGreaterThan(0);
  for (const process_ of ours) process.kill(Number(process_), "SIGSTOP");
  return ours.map(Number);
}

function resume(halted: number[]) {
  for (const process_ of halted.splice(0)) process.kill(process_, "SIGCONT");
}
