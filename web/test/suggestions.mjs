// A search box with its suggestions open: what the sample pages do not show by themselves. The answer is of every kind, too long for a
// phone in one, and hostile in another.

const hostile = "<img src=x onerror=alert(1)>&amp;";

export const answer = JSON.stringify({
  suggestions: [
    { kind: "word", text: "離乳食", href: "/search?q=%E9%9B%A2%E4%B9%B3%E9%A3%9F" },
    { kind: "word", text: "離乳食 いつから", href: "/search?q=x" },
    { kind: "tag", text: "#手づかみ", href: "/tags/x" },
    { kind: "post", text: "夜泣きで1時間おきに起きます。".repeat(4), href: "/posts/p1" },
    { kind: "post", text: hostile, href: "/posts/p2" },
    { kind: "post", text: "よそへ", href: "https://example.com/" },
  ],
});

/** Types into the page's search box and walks to the third option. What is wrong about it, as lines; the list stays open. */
export async function openSuggestions(tab) {
  const box = tab.locator("input[name=q]:visible");
  const list = tab.locator(".suggestions:visible");
  await box.fill("りにゅう");
  await list.waitFor();
  const wrong = [];
  const expect = (is, what) => {
    if (!is) wrong.push(`suggestions: ${what}`);
  };
  const texts = await list.locator("[data-text]").allTextContents();
  expect(texts.length === 5, `${texts.length} options, not those five that lead into the site`);
  expect(texts.at(-1) === hostile, `${texts.at(-1)} instead of the words as they are`);
  const { width, height } = tab.viewportSize();
  const place = await list.boundingBox();
  expect(place.x >= 0 && place.x + place.width <= width, "beside the screen");
  expect(place.y + place.height <= height, "below the screen");
  for (const option of await list.getByRole("option").all()) {
    expect((await option.boundingBox()).height >= 44, "an option lower than a thumb");
  }
  for (const button of await tab.locator("form:has(:focus) button:visible").all()) {
    const target = await button.boundingBox();
    expect(target.y + target.height <= place.y, "they lie over the button");
  }
  for (const key of ["ArrowDown", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"]) {
    await box.press(key);
  }
  const active = await box.getAttribute("aria-activedescendant");
  const selected = await list.locator("[aria-selected=true]").getAttribute("id");
  const third = await list.getByRole("option").nth(2).getAttribute("id");
  expect(active === third && selected === third, "the arrows do not lead to the third option");
  expect((await box.inputValue()) === "りにゅう", "the arrows changed the text");
  return wrong;
}
