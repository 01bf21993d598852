// A film that was filmed for slow motion: from the posting page, where it is offered once that is known, to its player.

import type { Page } from "@playwright/test";
import { makeSlowMotion } from "./media.ts";
import { desk, Person, phone } from "./people.ts";
import { expect, type Site, test } from "./site.ts";

/** A member about to write of their film; the title is typed already. */
async function writer(person: Person, site: Site, film: string): Promise<Page> {
  makeSlowMotion(film);
  site.createAccount("member", person);
  await person.logIn();
  const { page } = person;
  await page.goto("/posts/new?kind=activity");
  await page.getByLabel("題名").fill("はじめてのジャンプ");
  await page.locator("#f-video").setInputFiles(film);
  return page;
}

test("slow motion is offered without a reload, and plays slowly", async ({ browser, site }, info) => {
  const person = await Person.with(browser, site, "なでしこ", "nadeshiko@example.jp", { screen: phone });
  const page = await writer(person, site, info.outputPath("jump.mp4"));
  const status = page.locator("[data-video-status]");
  const motion = page.locator("[data-video-motion]");
  await expect(motion).toContainText("0:08になり、音は入りません", { timeout: 120_000 });
  await expect(status).toContainText("準備ができました");

  // By keyboard, as all of the form.
  const slowly = motion.getByRole("button", { name: "ゆっくり再生にする" });
  await slowly.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toContainText("ゆっくり再生です。音は入りません。");
  await expect(page.getByLabel("題名")).toHaveValue("はじめてのジャンプ");
  await expect(status).toContainText("準備ができました", { timeout: 120_000 });
  await expect(motion.getByRole("button", { name: "ふつうの速さにもどす" })).toBeVisible();

  await page.getByLabel("遊び方").fill("その場でとびます。");
  await page.getByLabel("地域").selectOption({ label: "宇治市" });
  await page.getByRole("button", { name: "投稿する" }).click();
  const video = page.locator("video");
  await video.evaluate(async (element: HTMLVideoElement) => {
    element.muted = true;
    await element.play();
  });
  const seconds = () => video.evaluate((element: HTMLVideoElement) => element.duration);
  await expect.poll(async () => Math.round((await seconds()) * 10) / 10).toBe(8);
  const time = () => video.evaluate((element: HTMLVideoElement) => element.currentTime);
  await expect.poll(time, { message: "time moves on" }).toBeGreaterThan(2.5);
  await person.leave();
});

test("without script a button of the form does the same", async ({ browser, site }, info) => {
  const equipment = { screen: desk, scripts: false };
  const person = await Person.with(browser, site, "りんどう", "rindo@example.jp", equipment);
  const page = await writer(person, site, info.outputPath("jump.mp4"));
  await page.getByRole("button", { name: "下書きに保存" }).last().click();
  const slowly = page.getByRole("button", { name: "ゆっくり再生にする" });
  await expect(async () => {
    await page.reload();
    await expect(slowly).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 120_000 });
  await slowly.click();
  await expect(page.getByRole("button", { name: "ふつうの速さにもどす" })).toBeVisible();
  await expect(page.getByLabel("題名")).toHaveValue("はじめてのジャンプ");
  await person.leave();
});
