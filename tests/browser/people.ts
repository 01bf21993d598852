// The people of the stories: each has a browser of their own and does what a person would do with it.

import type { Browser, BrowserContext, CDPSession, Page } from "@playwright/test";
import { expect, linkIn, type Site } from "./site.ts";

/** A usual phone, held upright. */
export const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 3,
  isMobile: true,
  hasTouch: true,
};

export const desk = { viewport: { width: 1280, height: 900 } };

type Equipment = {
  screen: typeof phone | typeof desk;
  scripts?: boolean;
  language?: string;
  /** The site's address as this person knows it: that of a front. */
  at?: string;
};

export class Person {
  private constructor(
    readonly site: Site,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly nickname: string,
    readonly email: string,
  ) {}

  readonly password = "かぼちゃを つぶす 朝";

  static async with(browser: Browser, site: Site, nickname: string, email: string, equipment: Equipment) {
    const context = await browser.newContext({
      ...equipment.screen,
      baseURL: equipment.at ?? site.url,
      javaScriptEnabled: equipment.scripts ?? true,
      locale: equipment.language ?? "ja-JP",
    });
    return Person.in(context, site, nickname, email);
  }

  /** The same with a browser that was opened otherwise. */
  static async in(context: BrowserContext, site: Site, nickname: string, email: string) {
    const page = await context.newPage();
    const person = new Person(site, context, page, nickname, email);
    // A page under a strict policy that breaks it, or throws, is a broken page.
    page.on("pageerror", (error) => person.mishaps.push(`${error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && /Content.Security.Policy/i.test(message.text())) {
        person.mishaps.push(message.text());
      }
    });
    return person;
  }

  readonly mishaps: string[] = [];

  /** Signs up, opens the mailed link in the same browser, and is logged in by confirming. */
  async signUp() {
    await this.page.goto("/signup");
    await this.page.getByLabel("ニックネーム").fill(this.nickname);
    await this.page.getByLabel("メールアドレス").fill(this.email);
    await this.page.getByLabel("パスワード").fill(this.password);
    await this.page.getByRole("button", { name: "登録する" }).click();
    await expect(this.page.getByRole("heading", { name: "メールを送りました" })).toBeVisible();

    const mail = await this.site.mailTo(this.email);
    await this.page.goto(linkIn(mail, this.site));
    await this.page.getByRole("button", { name: "確認して、はじめる" }).click();
    await expect(this.page.getByRole("main")).toContainText("ようこそ、めぐるみへ。");
  }

  /** Does nothing when logged in already. */
  async logIn(password = this.password) {
    await this.page.goto("/login?next=/me");
    const form = this.page.getByRole("heading", { name: "ログイン", exact: true });
    const own = this.page.getByRole("heading", { name: this.nickname });
    await expect(form.or(own)).toBeVisible();
    if (await own.isVisible()) return;
    await this.page.getByLabel("メールアドレス").fill(this.email);
    await this.page.getByLabel("パスワード").fill(password);
    await this.page.getByRole("button", { name: "ログインする" }).click();
    await expect(own).toBeVisible();
  }

  /** Types into the search page until the post is among what is found: the index follows within seconds. */
  async search(words: string, title: string) {
    // By its text: marking what was found splits the link's name.
    const found = this.page.getByRole("list", { name: "見つかったもの" }).getByRole("listitem");
    const hit = found.filter({ hasText: title }).getByRole("link");
    await expect(async () => {
      await this.page.goto("/search");
      await this.page.getByRole("main").getByLabel("さがすことば").fill(words);
      await this.page.getByRole("main").getByRole("button", { name: "さがす" }).click();
      await expect(this.page).toHaveURL(/q=/);
      await expect(hit).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    return hit;
  }

  async leave() {
    expect(this.mishaps, `${this.nickname}'s pages`).toEqual([]);
    await this.context.close();
  }
}

/** The air between a phone and the site. */
export class Network {
  private constructor(private readonly session: CDPSession) {}

  static async of(person: Person): Promise<Network> {
    const session = await person.context.newCDPSession(person.page);
    await session.send("Network.enable");
    return new Network(session);
  }

  /** `upload` in bytes per second. */
  async slow(upload: number) {
    await this.set({ offline: false, uploadThroughput: upload });
  }

  async cut() {
    await this.set({ offline: true, uploadThroughput: -1 });
  }

  async restore() {
    await this.set({ offline: false, uploadThroughput: -1 });
  }

  private async set(conditions: { offline: boolean; uploadThroughput: number }) {
    await this.session.send("Network.emulateNetworkConditions", {
      latency: 0,
      downloadThroughput: -1,
      ...conditions,
    });
  }
}

/** What a viewer sees of a film that plays: time moves on, pictures are decoded, and they stand upright. */
export async function watch(page: Page) {
  const video = page.locator("video");
  await video.evaluate(async (element: HTMLVideoElement) => {
    element.muted = true;
    await element.play();
  });
  const frames = () => video.evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().totalVideoFrames);
  const time = () => video.evaluate((v: HTMLVideoElement) => v.currentTime);
  const [firstFrames, firstTime] = [await frames(), await time()];
  await expect.poll(time, { message: "time moves on" }).toBeGreaterThan(firstTime + 1);
  await expect.poll(frames, { message: "pictures are decoded" }).toBeGreaterThan(firstFrames + 10);

  const picture = await video.evaluate((v: HTMLVideoElement) => {
    const canvas = document.createElement("canvas");
    canvas.width = v.videoWidth;
    canvas.height = v.videoHeight;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    context.drawImage(v, 0, 0);
    const mean = (y: number) => {
      const { data } = context.getImageData(v.videoWidth / 2 - 8, v.videoHeight * y - 8, 16, 16);
      const sums = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) {
        for (const c of [0, 1, 2]) sums[c] = (sums[c] ?? 0) + (data[i + c] ?? 0) / 256;
      }
      return sums;
    };
    return { width: v.videoWidth, height: v.videoHeight, above: mean(0.25), below: mean(0.75) };
  });
  return picture;
}
