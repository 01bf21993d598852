// Searching as it is done: suggestions while an input method still composes, chosen by keys alone and by a thumb. The community is the
// demo's.

import type { Page } from "@playwright/test";
import { desk, Person, phone } from "./people.ts";
import { expect, demoTest as test } from "./site.ts";
import { complaintsOfAxe } from "./standards.ts";

/** As the input method shows it halfway, and as posts spell it. */
const typed = "こむg";
const meant = "小麦粉";

/** Waits until the index knows the word: it follows within seconds. Asked past the browser, which keeps an answer for a while. */
async function untilSuggested(page: Page, q: string) {
  const answer = () => page.request.get("/search/suggest", { params: { q } });
  await expect.poll(async () => (await answer()).text(), { timeout: 60_000 }).toContain(`"${meant}"`);
}

/** The option for the word, which is told from a tag of the same name. */
function option(page: Page) {
  return page.getByRole("option", { name: `${meant} ことば`, exact: true });
}

test("keys alone lead from unfinished kana to what was meant", async ({ browser, demo }) => {
  const visitor = await Person.with(browser, demo, "くみ", "kumi@example.jp", { screen: desk });
  const page = visitor.page;
  await page.goto("/");
  const box = page.getByRole("banner").getByRole("combobox", { name: "さがす" });
  const keyboard = await visitor.context.newCDPSession(page);
  const compose = (text: string) =>
    keyboard.send("Input.imeSetComposition", {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
  /** Keys that the input method takes: the page sees that a key was pressed, not which. */
  const pressInComposition = (code: string) =>
    keyboard.send("Input.dispatchKeyEvent", { type: "rawKeyDown", windowsVirtualKeyCode: 229, code });

  await untilSuggested(page, typed);
  await box.focus();
  await compose(typed);
  const word = option(page);
  await expect(word).toBeVisible();
  await expect(box).toHaveAttribute("aria-expanded", "true");
  await expect(page.getByRole("status").filter({ hasText: /^候補が\d+件あります$/ })).toBeAttached();
  await pressInComposition("ArrowDown");
  await pressInComposition("Enter");
  await expect(box).not.toHaveAttribute("aria-activedescendant", /./);
  await expect(page, "what ends a composition searches for nothing").toHaveURL(`${demo.url}/`);

  await keyboard.send("Input.insertText", { text: typed });
  await expect(word).toBeVisible();
  await box.press("Escape");
  await expect(word).toBeHidden();
  await expect(box).toHaveValue(typed);
  await box.press("ArrowDown");
  await expect(word).toBeVisible();
  for (let place = 0; place < 8; place++) {
    await box.press("ArrowDown");
    if ((await word.getAttribute("aria-selected")) === "true") break;
  }
  expect(await box.getAttribute("aria-activedescendant")).toBe(await word.getAttribute("id"));
  expect(await complaintsOfAxe(page), "axe on the open list").toEqual([]);
  await expect(box, "looking at the list leaves the text alone").toHaveValue(typed);
  await box.press("Enter");
  await expect(page).toHaveURL(`${demo.url}/search?q=${encodeURIComponent(meant)}`);
  await expect(page.getByRole("list", { name: "見つかったもの" })).toBeVisible();
  await visitor.leave();
});

test("a thumb chooses a suggestion, and the filters stay", async ({ browser, demo }) => {
  const visitor = await Person.with(browser, demo, "ゆう", "yu@example.jp", { screen: phone });
  const page = visitor.page;
  await page.goto("/search?q=おやつ&kind=recipe&age=");
  const box = page.getByRole("main").getByRole("combobox", { name: "さがすことば" });
  await untilSuggested(page, typed);
  await box.fill(typed);
  await option(page).tap();
  await expect(page).toHaveURL(`${demo.url}/search?q=${encodeURIComponent(meant)}&kind=recipe`);
  await expect(box).toHaveValue(meant);
  await visitor.leave();
});

test("what is typed is searched for as it is when nothing is chosen", async ({ browser, demo }) => {
  const visitor = await Person.with(browser, demo, "とも", "tomo@example.jp", { screen: phone });
  const page = visitor.page;
  await page.goto("/search");
  const box = page.getByRole("main").getByRole("combobox", { name: "さがすことば" });
  await untilSuggested(page, "こむぎ");
  await box.fill("こむぎ");
  await expect(option(page)).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "さがす" }).tap();
  await expect(page).toHaveURL(/\?q=%E3%81%93%E3%82%80%E3%81%8E&/);
  await visitor.leave();
});
