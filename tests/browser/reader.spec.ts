// What a reader does with a post, in browsers that lack what others have. The community is the demo's.

import { desk, Person, phone } from "./people.ts";
import { expect, demoTest as test } from "./site.ts";

for (const [name, screen] of [
  ["a phone", phone],
  ["a desk", desk],
] as const) {
  test(`on ${name}, where nothing can be shared or copied, the address is there to be copied by hand`, async ({
    browser,
    demo,
  }) => {
    const reader = await Person.with(browser, demo, "みのり", "minori@example.jp", { screen });
    const page = reader.page;
    // As browsers inside other apps are.
    await page.addInitScript(() => {
      Object.defineProperty(navigator, "share", { value: undefined });
      Object.defineProperty(navigator, "clipboard", { value: undefined });
    });
    // The community moves in while the site is up already.
    const post = page.locator("main a[href^='/posts/0']").first();
    await expect(async () => {
      await page.goto("/");
      await expect(post).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 120_000 });
    await post.click();
    const address = await page.locator("link[rel=canonical]").getAttribute("href");
    const share = page.getByRole("button", { name: "友だちに送る" });
    await share.focus();
    await page.keyboard.press("Enter");
    const field = page.getByLabel("このアドレスをコピーしてください");
    await expect(field).toBeFocused();
    await expect(field).toHaveValue(address as string);
    const chosen = await field.evaluate((input: HTMLInputElement) =>
      input.value.slice(input.selectionStart ?? 0, input.selectionEnd ?? 0),
    );
    expect(chosen).toBe(address);
    await expect(field).toBeInViewport({ ratio: 1 });
    await reader.leave();
  });
}
