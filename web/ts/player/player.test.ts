import { describe, expect, it } from "vitest";
import { clockLength } from "./growth";
import { firstEstimate, settings } from "./hls";
import { failureOf, isPassing, slowAfter, stalledAfter, waitOf, waysFor } from "./ways";

const none = { mediaSource: false, managedMediaSource: false, nativeHls: false };
const film = { hasFile: true };

describe("the way to play", () => {
  it("is the script wherever Media Source works, also where a browser has HLS of its own", () => {
    const firefox = { ...none, mediaSource: true };
    const chromium = { ...firefox, nativeHls: true };
    expect(waysFor(firefox, film)).toEqual(["hls.js", "file"]);
    expect(waysFor(chromium, film)).toEqual(["hls.js", "file"]);
  });
  it("is the browser's own HLS in Safari, old and new", () => {
    const iPhone = { ...none, nativeHls: true };
    const iPad = { mediaSource: true, managedMediaSource: true, nativeHls: true };
    expect(waysFor(iPhone, film)).toEqual(["native", "file"]);
    expect(waysFor(iPad, film)).toEqual(["native", "file"]);
  });
  it("is the plain file where there is neither, and never a file that is not there", () => {
    expect(waysFor(none, film)).toEqual(["file"]);
    expect(waysFor(none, { hasFile: false })).toEqual([]);
    expect(waysFor({ ...none, mediaSource: true }, { hasFile: false })).toEqual(["hls.js"]);
  });
});

describe("a failure", () => {
  it("passes where the network or a busy server is to blame", () => {
    for (const status of [0, 408, 425, 429, 500, 502, 503, 504])
      expect(isPassing(status)).toBe(true);
    for (const status of [200, 400, 401, 403, 404, 410]) expect(isPassing(status)).toBe(false);
  });
  it("is told as a film that has moved only when its address says so", () => {
    expect(failureOf(404)).toBe("gone");
    expect(failureOf(410)).toBe("gone");
    for (const status of [undefined, 0, 403, 503]) expect(failureOf(status)).toBe("unreachable");
  });
  it("is tried again a bounded number of times, each later than the one before", () => {
    const { fragLoadPolicy, manifestLoadPolicy } = settings(0, undefined);
    for (const policy of [fragLoadPolicy?.default, manifestLoadPolicy?.default]) {
      const retry = policy?.errorRetry;
      if (!retry?.shouldRetry) throw new Error("no retries");
      const answer = (code: number, count: number) =>
        retry.shouldRetry?.(retry, count, false, { url: "", data: "", code }, false);
      for (const code of [0, 429, 503]) {
        expect(answer(code, 0)).toBe(true);
        expect(answer(code, retry.maxNumRetry)).toBe(false);
      }
      expect(answer(404, 0)).toBe(false);
      expect(retry.backoff).not.toBe("linear");
      expect(retry.retryDelayMs).toBeGreaterThan(0);
    }
  });
});

describe("a player that does not move", () => {
  it("says so after some seconds, and tries something else after more", () => {
    expect(waitOf(slowAfter - 1, false)).toBe("nothing");
    expect(waitOf(slowAfter, false)).toBe("slow");
    expect(waitOf(stalledAfter, false)).toBe("stalled");
  });
  it("waits at the end of what there is of a growing film for as long as it takes", () => {
    expect(waitOf(500, true)).toBe("nothing");
    expect(waitOf(2_000, true)).toBe("more");
    expect(waitOf(10 * stalledAfter, true)).toBe("more");
  });
});

describe("the first size", () => {
  it("is small where the connection is slow or is to be spared", () => {
    expect(firstEstimate({ downlink: 0.3 })).toBe(300_000);
    expect(firstEstimate({ downlink: 10, saveData: true })).toBe(300_000);
    expect(firstEstimate({ downlink: 2 })).toBe(1_200_000);
    expect(firstEstimate({ downlink: 10 })).toBe(5_000_000);
  });
  it("is the playlist's own where a browser tells nothing", () => {
    expect(firstEstimate(undefined)).toBeUndefined();
    expect(settings(0, {})).not.toHaveProperty("abrEwmaDefaultEstimate");
  });
});

describe("a film that grows", () => {
  it("has its length as the page writes it", () => {
    expect([0, 8.9, 60, 125.2].map(clockLength)).toEqual(["0:00", "0:08", "1:00", "2:05"]);
  });
});
