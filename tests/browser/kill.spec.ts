// The whole process dies without warning, at the three worst moments. What was acknowledged is there after a restart, and what
// was under way comes to its end.

import { statSync } from "node:fs";
import { makePortraitFilm } from "./media.ts";
import { desk, Network, Person, phone, watch } from "./people.ts";
import { expect, test } from "./site.ts";

test("a kill during the upload, during the transcoding, and between approval and index", async ({
  browser,
  site,
}, info) => {
  const title = "さつまいもの茶巾しぼり";
  const film = info.outputPath("film.mp4");
  makePortraitFilm(film);
  const parent = await Person.with(browser, site, "ゆず", "yuzu@example.jp", { screen: phone });
  site.createAccount("member", parent);
  await parent.logIn();
  const page = parent.page;
  await page.goto("/posts/new?kind=recipe");
  const network = await Network.of(parent);
  const status = page.locator("[data-video-status]");
  const offsets: number[] = [];
  page.on("request", (request) => {
    if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
  });

  await test.step("during the upload", async () => {
    await network.slow(statSync(film).size / 20);
    await page.locator("#f-video").setInputFiles(film);
    await expect(status).toContainText(/送っています (4[5-9]|[5-9]\d)%/, { timeout: 60_000 });
    const before = offsets.length;
    await site.killAndRestart();
    await expect
      .poll(() => offsets.length, { message: "the page goes on by itself" })
      .toBeGreaterThan(before);
    expect(offsets[before], "from where it was").toBeGreaterThan(0);
  });

  await test.step("during the transcoding", async () => {
    await network.restore();
    await expect(status).toContainText(/見られる形にし|順番を待っています/);
    await site.killAndRestart();
    await page.reload();
    // The dead worker's lease has to run out first.
    await expect(status).toContainText("準備ができました", { timeout: 120_000 });
  });

  await page.getByLabel("題名").fill(title);
  await page.getByLabel("材料と、つくり方").fill("さつまいもを蒸して、つぶして、きゅっとしぼります。");
  await page.getByLabel("地域").selectOption({ label: "亀岡市" });
  await page.getByRole("button", { name: "投稿する" }).click();
  await expect(page.getByRole("main")).toContainText("確認待ち");

  const moderator = await Person.with(browser, site, "すみれ", "sumire@example.jp", { screen: desk });
  site.createAccount("moderator", moderator);
  await moderator.logIn();
  await test.step("between approval and index", async () => {
    await moderator.page.goto("/review");
    await moderator.page.getByRole("link", { name: title }).click();
    const decided = moderator.page.waitForResponse((answer) => answer.request().method() === "POST");
    await moderator.page.getByRole("button", { name: "公開する" }).click({ noWaitAfter: true });
    expect((await decided).status()).toBe(303);
    await site.killAndRestart();
    await (await parent.search("さつまいも", title)).click();
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await watch(page);
  });
  await parent.context.close();
  await moderator.context.close();
});
