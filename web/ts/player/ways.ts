// In which ways a film can be played, in the order in which they are tried, and what is made of their failures. Pure.

/**
 * `hls.js`: HLS by a script, over Media Source. `native`: HLS by the browser. `file`: one plain MP4, without a choice of sizes.
 */
export type Way = "hls.js" | "native" | "file";

export interface Abilities {
  mediaSource: boolean;
  /** What Safari has; its own HLS is the one that the format was made for. */
  managedMediaSource: boolean;
  nativeHls: boolean;
}

/**
 * Chromium has HLS of its own too, and says so in the same words as Safari: there one answer of 503 ends a film, and so does
 * a playlist that still grows. So whoever asks for Media Source first is right in both.
 */
export function waysFor(browser: Abilities, film: { hasFile: boolean }): Way[] {
  const ways: Way[] = [];
  if (browser.mediaSource && !browser.managedMediaSource) ways.push("hls.js");
  else if (browser.nativeHls) ways.push("native");
  if (film.hasFile) ways.push("file");
  return ways;
}

/** What a reader can do about a film that can't be played: try again, or open the page again because its address is gone. */
export type Failure = "unreachable" | "gone";

/** `status`: of the answer that was the last straw, where there was one. */
export function failureOf(status: number | undefined): Failure {
  return status === 404 || status === 410 ? "gone" : "unreachable";
}

/** Whether the same request may succeed a little later. 0: no answer at all, as from a server that restarts. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
}

/** What a player that wants to play and does not move is waiting for. */
export type Wait = "nothing" | "slow" | "more" | "stalled";

/** A wait that is worth a word, in ms. Shorter ones are what a phone's network is like. */
export const slowAfter = 6_000;
/** When something else is tried. Longer than what any one request is waited for. */
export const stalledAfter = 30_000;

/**
 * @param still how long neither the picture nor the bytes have moved, in ms
 * @param isAtOpenEnd whether everything that there is of a growing film has been played
 */
export function waitOf(still: number, isAtOpenEnd: boolean): Wait {
  if (isAtOpenEnd) return still >= 1_000 ? "more" : "nothing";
  if (still >= stalledAfter) return "stalled";
  return still >= slowAfter ? "slow" : "nothing";
}
