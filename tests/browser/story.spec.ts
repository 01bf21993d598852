// The main road, lived by a parent, a moderator and a newcomer: film, upload, transcode, review, publish, find, thank. Once with
// scripts on a bad network, and once by plain forms.

import { statSync } from "node:fs";
import type { Page } from "@playwright/test";
import { makePhoto, makePortraitFilm, portrait } from "./media.ts";
import { desk, Network, Person, phone, watch } from "./people.ts";
import { expect, type Site, test } from "./site.ts";

const recipe = {
  body: "豆腐のおかげで、冷めてもふわふわです。\n\n- 絹ごし豆腐 100 g\n- かぼちゃ 80 g\n\n1. かぼちゃを蒸してつぶす\n2. 豆腐と混ぜて焼く",
  region: "宇治市",
  tags: "離乳食 冷凍できる",
};

const captions = "0:00 ♪ フライパンの音\n0:00.5 豆腐を水きりします\n";

type Media = { film: string; photos: string[] };

test.describe.configure({ mode: "serial" });

const media = test.extend<object, { media: Media }>({
  media: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from this pattern.
    async ({}, use, info) => {
      const file = (name: string) => info.project.outputDir.concat(`/${info.workerIndex}-${name}`);
      const made = { film: file("IMG_2041.mp4"), photos: [file("bowl.jpg"), file("plate.png")] };
      makePortraitFilm(made.film);
      makePhoto(made.photos[0] as string, "0xd98c3f");
      makePhoto(made.photos[1] as string, "0x7d9a4a");
      await use(made);
    },
    { scope: "worker" },
  ],
});

media(
  "a film is posted from a phone in a tunnel, checked, found, watched and thanked for",
  async ({ browser, site, media }) => {
    const title = "かぼちゃと豆腐のおやき";
    const parent = await Person.with(browser, site, "あきのママ", "aki@example.jp", { screen: phone });
    await parent.signUp();
    const page = parent.page;
    await page.goto("/");
    await page.getByRole("navigation", { name: "下のメニュー" }).getByRole("link", { name: "投稿" }).click();
    await page.getByRole("link", { name: "レシピ" }).click();

    const network = await Network.of(parent);
    const bytes = statSync(media.film).size;
    const patches: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") patches.push(Number(request.headers()["upload-offset"]));
    });
    const status = page.locator("[data-video-status]");

    await test.step("the network is cut in the middle of the film", async () => {
      await network.slow(bytes / 20);
      await page.locator("#f-video").setInputFiles(media.film);
      await page.getByLabel("題名").fill(title);
      await expect(status).toContainText(/送っています (4[5-9]|[5-9]\d)%/, { timeout: 60_000 });
      await network.cut();
      await expect(status).toContainText("つながるのを待っています");
      const before = patches.length;
      await network.slow(bytes / 20);
      await expect(status).toContainText(/送っています [5-9]\d%/);
      expect(patches[before], "it goes on where it was").toBeGreaterThan(0);
    });

    await test.step("the page is reloaded in the middle of the film", async () => {
      await expect(page.locator("[data-saved]")).toContainText("保存しました");
      const before = patches.length;
      await page.reload();
      await expect(page.getByLabel("題名"), "the draft saved itself").toHaveValue(title);
      await network.restore();
      await expect(status, "the phone still has the film").toContainText(
        /見られる形にし|順番を待っています|準備ができました/,
      );
      expect(patches[before], "nothing is sent twice").toBeGreaterThan(0);
    });

    await test.step("photos and words", async () => {
      await page.locator("#f-photos").setInputFiles(media.photos);
      await expect(page.locator("[data-photo-list] li")).toHaveCount(2);
      await page.getByLabel("写っているもの").first().fill("焼きあがったおやき");
      await fillWords(page, title);
      await expect(page.locator("[data-photo-list] img")).toHaveCount(2);
    });

    await test.step("captions, from the middle of writing", async () => {
      await page.getByRole("link", { name: "字幕をつける" }).click();
      await page.getByLabel("字幕", { exact: true }).fill(captions);
      await page.getByRole("button", { name: "字幕を保存" }).click();
      await expect(page.getByRole("main")).toContainText("字幕を保存しました");
      await page.getByRole("link", { name: "投稿の画面へもどる" }).first().click();
      await expect(page.getByLabel("題名"), "what was being written is there").toHaveValue(title);
      await expect(page.getByLabel("材料と、つくり方")).toHaveValue(recipe.body);
      await page.getByRole("button", { name: "投稿する" }).click();
      await expect(page.getByRole("main")).toContainText(/受け取りました|準備中|確認待ち/);
    });

    await waitForReview(parent, title);
    await parent.leave();
    const url = await approve(browser, site, title);
    await findWatchAndThank(browser, site, { title, url, scripts: true });
    await seeTheThanks(browser, site, parent, true);
  },
);

media("the same by plain forms, without scripts", async ({ browser, site, media }) => {
  const title = "しらすと青菜のおにぎり";
  const parent = await Person.with(browser, site, "ふゆのパパ", "fuyu@example.jp", {
    screen: phone,
    scripts: false,
  });
  await parent.signUp();
  const page = parent.page;
  await page.goto("/");
  await page.getByRole("navigation", { name: "下のメニュー" }).getByRole("link", { name: "投稿" }).click();
  await page.getByRole("link", { name: "レシピ" }).click();
  await fillWords(page, title);
  await page.locator("#f-video").setInputFiles(media.film);
  await page.locator("#f-photos").setInputFiles(media.photos);
  await page.getByRole("button", { name: "下書きに保存" }).click();
  await expect(page.getByRole("main")).toContainText("保存しました");
  await expect(page.getByLabel("題名")).toHaveValue(title);
  await page.getByRole("button", { name: "投稿する" }).click();
  await expect(page.getByRole("main")).toContainText(/受け取りました|準備中|確認待ち/);

  await waitForReview(parent, title);
  await parent.leave();
  const url = await approve(browser, site, title, false);
  await findWatchAndThank(browser, site, { title, url, scripts: false });
  await seeTheThanks(browser, site, parent, false);
});

async function fillWords(page: Page, title: string) {
  await page.getByLabel("題名").fill(title);
  await page.getByLabel("材料と、つくり方").fill(recipe.body);
  await page.getByLabel("何か月から").fill("9");
  await page.getByLabel("何か月まで").fill("18");
  await page.getByLabel("地域").selectOption({ label: recipe.region });
  await page.getByLabel("タグ").fill(recipe.tags);
}

/** Its author's page tells how far the post is. */
async function waitForReview(author: Person, title: string) {
  await expect(async () => {
    await author.page.goto("/me");
    const post = author.page.getByRole("listitem").filter({ hasText: title });
    await expect(post).toContainText("確認待ち", { timeout: 1_000 });
  }, "the film is made ready").toPass({ timeout: 120_000 });
}

/** Returns the address of the published post. */
async function approve(
  browser: Parameters<typeof Person.with>[0],
  site: Site,
  title: string,
  scripts = true,
): Promise<string> {
  const email = `moderator-${scripts}@example.jp`;
  const moderator = await Person.with(browser, site, scripts ? "みどり" : "あかね", email, {
    screen: desk,
    scripts,
  });
  site.createAccount("moderator", moderator);
  await moderator.logIn();
  const page = moderator.page;
  await page.goto("/review");
  await page.getByRole("link", { name: title }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByRole("heading", { name: "動画のコマ" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "写真 2枚" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("絹ごし豆腐 100 g");
  await page.getByRole("button", { name: "公開する" }).click();
  await expect(page.getByRole("main")).toContainText("公開しました");
  await page.goto("/");
  await page.getByRole("link", { name: title }).first().click();
  const url = new URL(page.url()).pathname;
  await moderator.leave();
  return url;
}

async function findWatchAndThank(
  browser: Parameters<typeof Person.with>[0],
  site: Site,
  { title, url, scripts }: { title: string; url: string; scripts: boolean },
) {
  const newcomer = await Person.with(
    browser,
    site,
    scripts ? "はるか" : "なつき",
    `newcomer-${scripts}@example.jp`,
    {
      screen: phone,
      scripts,
    },
  );
  await newcomer.signUp();
  const page = newcomer.page;
  for (const words of scripts ? ["豆腐のおやき", "とうふ", "りにゅうしょく"] : ["青菜", "おにぎり"]) {
    await (await newcomer.search(words, title)).click();
    await expect(page).toHaveURL(new RegExp(`${url}$`));
  }
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await expect(page.locator("article img").first()).toBeVisible();

  if (scripts) {
    const picture = await watch(page);
    expect(picture.height / picture.width, "as tall as it was filmed").toBeCloseTo(
      portrait.height / portrait.width,
      1,
    );
    const [red, , blue] = picture.above as [number, number, number];
    expect(red, "orange above").toBeGreaterThan(blue + 60);
    const [redBelow, , blueBelow] = picture.below as [number, number, number];
    expect(blueBelow, "blue below").toBeGreaterThan(redBelow + 60);
    await seeTheCaptions(page);
  } else {
    await playsAsAFile(page);
  }

  const thank = page.getByRole("button", { name: "ありがとう" });
  await thank.click();
  await expect(thank).toHaveAttribute("aria-pressed", "true");
  await expect(thank).toContainText("1");
  await page.reload();
  await expect(thank, "counted once, and still there").toContainText("1");
  await thank.click();
  await expect(thank, "taken back").toHaveAttribute("aria-pressed", "false");
  await thank.click();
  await expect(thank).toHaveAttribute("aria-pressed", "true");
  await newcomer.leave();
}

/** Over the film, and below it as text that leads back into it. */
async function seeTheCaptions(page: Page) {
  const film = page.locator("video");
  const shown = () =>
    film.evaluate((video: HTMLVideoElement) => {
      const track = video.textTracks[0];
      const cue = track?.activeCues?.[0];
      const text = cue instanceof VTTCue ? cue.text : "";
      return { mode: track?.mode, cues: track?.cues?.length, text };
    });
  await page.getByText("動画のことば").click();
  await page.getByRole("button", { name: "0:00 から再生" }).last().click();
  await expect.poll(shown).toEqual({ mode: "showing", cues: 2, text: "豆腐を水きりします" });
}

/** Without scripts there is no asking the player: the file it is given answers a request for its first bytes, as MP4. */
async function playsAsAFile(page: Page) {
  const source = await page.locator('video source[type="video/mp4"]').getAttribute("src");
  const answer = await page.request.get(source as string, { headers: { range: "bytes=0-1023" } });
  expect(answer.status()).toBe(206);
  expect(answer.headers()["content-type"]).toBe("video/mp4");
  expect((await answer.body()).subarray(4, 8).toString()).toBe("ftyp");
}

async function seeTheThanks(
  browser: Parameters<typeof Person.with>[0],
  site: Site,
  author: Person,
  scripts: boolean,
) {
  const again = await Person.with(browser, site, author.nickname, author.email, { screen: phone, scripts });
  await again.logIn();
  await expect(again.page.getByRole("main")).toContainText("これまでに 1 のありがとうが届きました");
  await again.leave();
}
