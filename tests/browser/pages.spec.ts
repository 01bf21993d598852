// Every page that can be reached by following links, for a visitor, a member and a moderator, in every language: valid
// HTML, nothing that axe finds, no wider than a phone, and no error on the way. The community is the demo's.

import type { Page } from "@playwright/test";
import { Person, phone } from "./people.ts";
import { expect, type Site, demoTest as test } from "./site.ts";
import { expectNoComplaints } from "./standards.ts";

const starts = {
  visitor: [
    "/",
    "/search",
    "/search?q=離乳食",
    "/search?q=zzzzzz",
    "/signup",
    "/login",
    "/forgot",
    "/no-such-page",
  ],
  member: [
    "/me",
    "/me/settings",
    "/notices",
    "/posts/new",
    "/posts/new?kind=recipe",
    "/posts/new?kind=question",
  ],
  moderator: ["/review", "/review/log"],
};

for (const language of ["ja", "ja-simple", "en"]) {
  for (const role of ["visitor", "member", "moderator"] as const) {
    test(`a ${role}'s pages are valid and accessible in ${language}`, async ({ browser, demo }) => {
      const email = `${role}-${language}@example.jp`;
      const person = await Person.with(browser, demo, `${role}${language}`, email, {
        screen: { ...phone, deviceScaleFactor: 1 },
      });
      if (role !== "visitor") {
        demo.createAccount(role, person);
        await person.logIn();
      }
      await person.context.addCookies([{ name: "lang", value: language, url: demo.url }]);
      await walk(person.page, demo, starts[role]);
      await person.leave();
    });
  }
}

/** Visits the starts and what they link to, one page of each kind. */
async function walk(page: Page, site: Site, starts: string[]) {
  const waiting = [...starts];
  const seen = new Set(starts.map(kindOf));
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const answer = await page.goto(path);
    const status = answer?.status() ?? 0;
    expect.soft(status, path).toBe(path === "/no-such-page" ? 404 : 200);
    await expectNoComplaints(page, (await answer?.text()) ?? "", path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect.soft(overflow, `pixels that ${path} is wider than a phone`).toBeLessThanOrEqual(0);
    const links = await page
      .locator("a[href]")
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    for (const link of links.map((href) => new URL(href))) {
      // Media is no page.
      if (link.origin !== site.url || /^\/(media|assets)\//.test(link.pathname)) continue;
      const next = link.pathname + link.search;
      if (!seen.has(kindOf(next))) {
        seen.add(kindOf(next));
        waiting.push(next);
      }
    }
  }
}

/** The address without what is different for each post, person or place: ids, names, queries' values. */
function kindOf(path: string): string {
  const url = new URL(path, "http://localhost");
  const parts = url.pathname
    .split("/")
    .map((part, i) => (i > 1 && !/^(new|settings|log|edit|mail)$/.test(part) ? "*" : part));
  return `${parts.join("/")}?${[...url.searchParams.keys()].sort().join("&")}`;
}
