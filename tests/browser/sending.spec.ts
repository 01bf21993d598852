// What happens to a film and to photos on their way: a front whose site restarts, a file that can't be read any more, a session that
// ends, files without a name that says anything. Nothing is chosen twice, and nothing is sent twice, that need not be.

import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { Front } from "./front.ts";
import { makePhoto, makePortraitFilm } from "./media.ts";
import { desk, Network, Person, phone } from "./people.ts";
import { expect, type Site, test } from "./site.ts";

/** As `web/ts/compose/sending.ts` has it. */
const pieceBytes = 1024 * 1024;

const status = (page: Page) => page.locator("[data-video-status]");
const prepared = /送り終わりました|見られる形にし|順番を待っています|準備ができました/;

/** Somebody who is logged in and about to write a post. */
async function writer(person: Person, site: Site): Promise<Network> {
  site.createAccount("member", person);
  await person.logIn();
  await person.page.goto("/posts/new?kind=tip");
  return Network.of(person);
}

/** Where each piece began that `page` sends from now on, and how many uploads it begins. */
function requests(page: Page): { offsets: number[]; begun: () => number } {
  const offsets: number[] = [];
  let begun = 0;
  page.on("request", (request) => {
    if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    if (request.method() === "POST" && new URL(request.url()).pathname === "/uploads") begun += 1;
  });
  return { offsets, begun: () => begun };
}

/** Somebody whose film is on its way, all of it in so many seconds, and has come a good part. */
async function sender(person: Person, site: Site, film: string, seconds: number) {
  makePortraitFilm(film);
  const bytes = readFileSync(film);
  const network = await writer(person, site);
  const { offsets, begun } = requests(person.page);
  await network.slow(bytes.length / seconds);
  await person.page.locator("#f-video").setInputFiles(film);
  await expect(status(person.page)).toContainText(/送っています [3-9]\d%/, { timeout: 60_000 });
  return { bytes, network, offsets, begun };
}

/** Every percentage that the page shows from now on. */
async function percentagesOf(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const shown: number[] = [];
    new MutationObserver(() => {
      const text = document.querySelector("[data-video-status]")?.textContent ?? "";
      const percent = /送っています (\d+)%/.exec(text)?.[1];
      if (percent) shown.push(Number(percent));
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { shown });
  });
  return () => page.evaluate(() => (window as unknown as { shown: number[] }).shown);
}

for (const buffering of ["on", "off"] as const) {
  test(`a restart behind a front costs at most one piece, with proxy_request_buffering ${buffering}`, async ({
    browser,
    site,
  }, info) => {
    const film = info.outputPath("film.mp4");
    makePortraitFilm(film);
    const size = statSync(film).size;
    const front = await Front.before(site, buffering);
    const person = await Person.with(browser, site, `はこべ${buffering}`, `hakobe-${buffering}@example.jp`, {
      screen: phone,
      at: front.url,
    });
    const page = person.page;
    const network = await writer(person, site);
    const shown = await percentagesOf(page);
    await network.slow(size / 12);
    await page.locator("#f-video").setInputFiles(film);
    await expect(status(page)).toContainText(/送っています 6\d%/, { timeout: 60_000 });

    await site.kill();
    const before = (await front.uploads()).length;
    const failed = async (method: string) =>
      (await front.uploads())
        .slice(before)
        .filter((request) => request.method === method && request.status === 502).length;
    await expect
      .poll(() => failed("HEAD"), { message: "the front says that nobody is there" })
      .toBeGreaterThan(2);
    await expect(status(page)).toHaveText("サイトの返事を待っています。自動で続きから送ります。");
    const shownBefore = (await shown()).length;
    await site.restart();
    await network.restore();
    await expect(status(page)).toContainText(prepared, { timeout: 60_000 });

    const requests = await front.uploads();
    expect(requests.filter(({ method }) => method === "POST").length, "uploads begun").toBe(1);
    const pieces = requests.filter(({ method }) => method === "PATCH");
    const sent = pieces.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
    expect(sent, "all of it came").toBeGreaterThanOrEqual(size);
    expect(sent - size, "bytes sent twice").toBeLessThanOrEqual(pieceBytes);
    // What is told is what the site has, and at most the piece that is on its way.
    const lowest = Math.min(...(await shown()).slice(shownBefore));
    expect(lowest).toBeGreaterThanOrEqual(60 - Math.ceil((100 * pieceBytes) / size));
    await expect(status(page)).toContainText("準備ができました", { timeout: 120_000 });
    await person.leave();
    await front.stop();
  });
}

test("a film that can't be read any more is asked for by name, and goes on where it was", async ({
  browser,
  site,
}, info) => {
  const film = info.outputPath("film.mp4");
  const person = await Person.with(browser, site, "なずな", "nazuna@example.jp", { screen: phone });
  const page = person.page;
  const { bytes, network, offsets, begun } = await sender(person, site, film, 12);
  appendFileSync(film, "changed");
  await expect(status(page)).toHaveText(
    "「film.mp4」が読めなくなりました。変わったか、移されたようです。同じ動画をもう一度えらぶと、続きから送ります。",
    { timeout: 30_000 },
  );
  await expect(page.getByText("同じ動画をえらぶ", { exact: true })).toBeVisible();

  // Sending the form brings what there is to do into sight.
  await page.getByRole("button", { name: "投稿する" }).click();
  await expect(page.locator("#f-video")).toBeFocused();

  await network.restore();
  const before = offsets.length;
  writeFileSync(film, bytes);
  await page.locator("#f-video").setInputFiles(film);
  await expect(status(page)).toContainText(prepared, { timeout: 60_000 });
  expect(offsets[before], "it goes on at the acknowledged byte").toBeGreaterThan(bytes.length * 0.2);
  expect(begun(), "as the same upload").toBe(1);
  await expect(page.locator("[data-video-notes]")).toHaveCount(0);
  await person.leave();
});

test("another film in the place of one that can't be read is said to be another", async ({
  browser,
  site,
}, info) => {
  const film = info.outputPath("film.mp4");
  const person = await Person.with(browser, site, "ほとけのざ", "hotoke@example.jp", { screen: phone });
  const page = person.page;
  const { network, offsets, begun } = await sender(person, site, film, 12);
  appendFileSync(film, "changed");
  await expect(status(page)).toContainText("読めなくなりました", { timeout: 30_000 });
  const before = offsets.length;
  await page.locator("#f-video").setInputFiles(film);
  await expect(page.locator("[data-video-notes]")).toHaveText(
    "前とは別のファイルなので、はじめから送っています。",
  );
  await network.restore();
  await expect(status(page)).toContainText(prepared, { timeout: 60_000 });
  expect(offsets[before]).toBe(0);
  expect(begun()).toBe(2);
  await person.leave();
});

test("where the browser keeps a copy, a film that changed on the disk goes on by itself", async ({
  playwright,
  site,
}, info) => {
  const film = info.outputPath("film.mp4");
  // Chromium copies a file into a lasting profile's IndexedDB; in a private window it only points to it.
  const { launchOptions } = info.project.use;
  const context = await playwright.chromium.launchPersistentContext(info.outputPath("profile"), {
    ...launchOptions,
    ...desk,
    baseURL: site.url,
    locale: "ja-JP",
  });
  const person = await Person.in(context, site, "すずな", "suzuna@example.jp");
  const page = person.page;
  const { network, offsets, begun } = await sender(person, site, film, 12);
  const before = offsets.length;
  appendFileSync(film, "changed");
  await expect.poll(() => offsets.length, { message: "it goes on" }).toBeGreaterThan(before + 1);
  await network.restore();
  await expect(status(page)).toContainText(prepared, { timeout: 60_000 });
  expect(Math.min(...offsets.slice(before)), "nothing from the beginning").toBeGreaterThan(0);
  expect(begun()).toBe(1);
  await person.leave();
});

test("when the session ends, a film goes on after a log-in here or in another tab", async ({
  browser,
  site,
}, info) => {
  const film = info.outputPath("film.mp4");
  const person = await Person.with(browser, site, "せり", "seri@example.jp", { screen: phone });
  const page = person.page;
  const { bytes, network, offsets, begun } = await sender(person, site, film, 16);

  await test.step("in another tab", async () => {
    await person.context.clearCookies();
    await expect(status(page)).toHaveText("ログインが切れました。ログインすると、続きから送ります。");
    const other = await person.context.newPage();
    await logInOn(other, person, "/me");
    await other.close();
    await expect(status(page)).toContainText(/送っています/, { timeout: 30_000 });
  });

  await test.step("by the link", async () => {
    await expect(status(page)).toContainText(/送っています [5-9]\d%/, { timeout: 60_000 });
    await person.context.clearCookies();
    const link = page.locator("[data-video-login]");
    await expect(link).toBeVisible();
    await page.getByRole("button", { name: "投稿する" }).click();
    await expect(link).toBeFocused();
    const address = new URL(page.url()).pathname;
    const before = offsets.length;
    await page.keyboard.press("Enter");
    await fillLogIn(page, person);
    await expect(page).toHaveURL(new RegExp(`${address}$`));
    await network.restore();
    await expect(status(page)).toContainText(prepared, { timeout: 60_000 });
    expect(offsets[before], "from where it was").toBeGreaterThan(bytes.length * 0.4);
  });
  expect(begun(), "as the same upload").toBe(1);
  expect(offsets.filter((offset) => offset === 0).length, "the beginning is sent once").toBe(1);
  await person.leave();
});

async function logInOn(page: Page, person: Person, next: string) {
  await page.goto(`/login?next=${next}`);
  await fillLogIn(page, person);
  await expect(page).toHaveURL(new RegExp(`${next}$`));
}

async function fillLogIn(page: Page, person: Person) {
  await page.getByLabel("メールアドレス").fill(person.email);
  await page.getByLabel("パスワード").fill(person.password);
  await page.getByRole("button", { name: "ログインする" }).click();
}

test("photos wait for a log-in, and one that can't be read is named", async ({ browser, site }, info) => {
  const [first, second] = [info.outputPath("first.png"), info.outputPath("second.png")];
  makePhoto(first, "red");
  makePhoto(second, "blue");
  const person = await Person.with(browser, site, "ごぎょう", "gogyo@example.jp", { screen: phone });
  const page = person.page;
  await writer(person, site);
  await page.getByLabel("題名").fill("朝のしたく");
  await expect(page.locator("[data-saved]")).toContainText("保存しました");
  const photos = page.locator("[data-photo]");

  await test.step("the session ends", async () => {
    await person.context.clearCookies();
    await page.locator("#f-photos").setInputFiles(first);
    const field = page.locator("#photos-field .field-error");
    await expect(field).toContainText("ログインが切れました。ログインすると、写真を送ります。");
    await page.getByRole("button", { name: "投稿する" }).click();
    await expect(field.getByRole("link", { name: "ログインする" })).toBeFocused();
    const [other] = await Promise.all([person.context.waitForEvent("page"), page.keyboard.press("Enter")]);
    await fillLogIn(other, person);
    await expect(other).toHaveURL(/\/me$/);
    await other.close();
    await expect(page.locator("[data-photo].sending")).toHaveCount(0, { timeout: 30_000 });
    await expect(photos).toHaveCount(1);
    await expect(field).toHaveText("");
  });

  await test.step("the file changes before its turn", async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route("**/posts/*/photos", async (route) => {
      await held;
      await route.continue();
    });
    await page.locator("#f-photos").setInputFiles([first, second]);
    appendFileSync(second, "changed");
    letGo();
    await expect(page.locator("#photos-field .field-error")).toHaveText(
      "「second.png」を読めませんでした。もう一度えらんでください。",
    );
    await expect(photos).toHaveCount(2);
  });
  await person.leave();
});

test("a film is known by what is in it, whatever it is called", async ({ browser, site }, info) => {
  const film = info.outputPath("film.mp4");
  const photo = info.outputPath("photo.png");
  makePortraitFilm(film);
  makePhoto(photo, "green");
  const nameless = (path: string, name: string, mimeType: string) => ({
    name,
    mimeType,
    buffer: readFileSync(path),
  });
  const person = await Person.with(browser, site, "すずしろ", "suzushiro@example.jp", { screen: phone });
  const page = person.page;
  await writer(person, site);
  const video = page.locator("#f-video");
  const told = page.locator("#video-field .field-error");

  await test.step("what is none gets an early word", async () => {
    await video.setInputFiles(nameless(photo, "film.mp4", "video/mp4"));
    await expect(told).toHaveText("これは写真のようです。「写真をえらぶ」のほうからえらんでください。");
    await video.setInputFiles({ name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.from("%PDF-1.7\n") });
    await expect(told).toContainText("動画として読み取れませんでした");
    await page.locator("#f-photos").setInputFiles(nameless(film, "photo.jpg", "image/jpeg"));
    await expect(page.locator("#photos-field .field-error")).toHaveText(
      "これは動画のようです。「動画をえらぶ」のほうからえらんでください。",
    );
    await expect(page.locator("[data-photo]")).toHaveCount(0);
  });

  await test.step("a phone's file manager shows also films that it calls octet-stream", async () => {
    await expect(video).toHaveAttribute("accept", "video/*");
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "見つからないときは、ファイルからえらぶ" }).press("Enter");
    const chooser = await choosing;
    await chooser.setFiles(nameless(film, "1000012345", "application/octet-stream"));
    await expect(told).toHaveText("");
    await expect(page.locator("[data-video-card] .file-name")).toHaveText("1000012345");
    await expect(video).toHaveAttribute("accept", "video/*");
    await expect(status(page)).toContainText("準備ができました", { timeout: 120_000 });
  });

  await test.step("and so is a photo", async () => {
    await page.locator("#f-photos").setInputFiles(nameless(photo, "1000012346", ""));
    await expect(page.locator("[data-photo] img")).toBeVisible();
    await expect(page.locator("[data-photo].sending")).toHaveCount(0);
    await page.reload();
    await expect(page.locator("[data-photo] img")).toHaveAttribute("src", /^\/media\/photos\//, {
      timeout: 60_000,
    });
  });
  await person.leave();
});

test("the screen stays on while a film is sent, and no longer", async ({ browser, site }, info) => {
  const film = info.outputPath("film.mp4");
  makePortraitFilm(film);
  const person = await Person.with(browser, site, "たびらこ", "tabirako@example.jp", { screen: phone });
  const page = person.page;
  await page.addInitScript(() => {
    const locks: { released: boolean }[] = [];
    Object.assign(window, { locks });
    const { wakeLock } = navigator;
    const request = wakeLock.request.bind(wakeLock);
    wakeLock.request = async (kind) => {
      const lock = await request(kind);
      locks.push(lock);
      return lock;
    };
  });
  // What Chromium calls it; Playwright grants none by itself.
  const held = () =>
    page.evaluate(() => {
      const { locks } = window as unknown as { locks: { released: boolean }[] };
      return [locks.length, locks.filter((lock) => !lock.released).length];
    });
  const network = await writer(person, site);
  expect(await held()).toEqual([0, 0]);
  await network.slow(statSync(film).size / 8);
  await page.locator("#f-video").setInputFiles(film);
  await expect(status(page)).toContainText(/送っています [1-9]/);
  await expect.poll(held).toEqual([1, 1]);

  // A session that ends waits for its owner, and the screen may rest.
  await person.context.clearCookies();
  await expect(page.locator("[data-video-login]")).toBeVisible();
  await expect.poll(held).toEqual([1, 0]);
  const other = await person.context.newPage();
  await logInOn(other, person, "/me");
  await other.close();
  await expect.poll(held, { timeout: 30_000 }).toEqual([2, 1]);

  await network.restore();
  await expect(status(page)).toContainText(prepared, { timeout: 60_000 });
  await expect.poll(held).toEqual([2, 0]);
  await person.leave();
});
