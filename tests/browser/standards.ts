// What every page owes everyone: valid HTML, and nothing that axe finds.

import type { Page } from "@playwright/test";
import axe from "axe-core";
import { HtmlValidate } from "html-validate";
import { expect } from "./site.ts";

// The same rules as for the web part's samples.
const validator = new HtmlValidate({
  extends: ["html-validate:standard"],
  rules: {
    // A title a person wrote is as long as it is.
    "long-title": "off",
    // Several buttons called `action` are how one form offers several acts.
    "form-dup-name": ["error", { allowCheckboxDefault: true, shared: ["radio", "button", "submit"] }],
  },
});

/** Each complaint as one line; none is the aim. */
export async function complaintsAboutHtml(html: string): Promise<string[]> {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) =>
    result.messages.map(({ ruleId, message, line, column }) => `${ruleId} at ${line}:${column}: ${message}`),
  );
}

/** Each complaint as one line; none is the aim. In the light and in the dark theme. */
export async function complaintsOfAxe(page: Page): Promise<string[]> {
  const complaints = new Set<string>();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // The debugger may evaluate where the page's policy forbids inline scripts.
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
    for (const violation of found.violations) {
      for (const node of violation.nodes) {
        complaints.add(`${violation.id} (${colorScheme}): ${node.target.join(" ")}: ${node.failureSummary}`);
      }
    }
  }
  return [...complaints];
}

export async function expectNoComplaints(page: Page, html: string, where: string) {
  expect.soft(await complaintsAboutHtml(html), `HTML of ${where}`).toEqual([]);
  expect.soft(await complaintsOfAxe(page), `axe on ${where}`).toEqual([]);
}
