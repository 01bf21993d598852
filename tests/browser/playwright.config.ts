// Debian's Chromium against the real program. No retries: what passes only sometimes is broken.

import { defineConfig } from "@playwright/test";
import type { SiteOptions } from "./site.ts";

export default defineConfig<SiteOptions>({
  testDir: ".",
  outputDir: "../../target/browser-tests",
  // A film is transcoded by an unoptimised build on a machine that compiles beside it.
  timeout: 240_000,
  expect: { timeout: 20_000 },
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  workers: 1,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "ja-JP",
    timezoneId: "Asia/Tokyo",
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: "/usr/bin/chromium",
      args: [
        // In a container there is no user to drop to, and the pages are our own.
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Without a graphics card it would be imitated, at the cost of a whole core.
        "--disable-gpu",
        "--autoplay-policy=no-user-gesture-required",
      ],
    },
  },
  projects: [
    { name: "sqlite", use: { database: "sqlite" } },
    // The pages are the same; what a database could change is the story.
    { name: "postgres", use: { database: "postgres" }, testMatch: "story*.spec.ts" },
  ],
});
