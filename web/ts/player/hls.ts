// hls.js as this site uses it: how much it fetches, what it does about failures, and with which size it begins.
//
// It is a chunk of its own, fetched when a film is about to be played.

import type { ErrorData, Fragment, HlsConfig, LoaderConfig, RetryConfig } from "hls.js";
import { type Failure, failureOf, isPassing } from "./ways";

/** What the browser knows of the connection, where it tells. */
export interface Link {
  /** Mbit/s. */
  downlink?: number;
  saveData?: boolean;
}

/** What a phone at the edge of its network has, in bit/s. */
const slowest = 300_000;

/**
 * The bandwidth to begin with, in bit/s. `undefined` where nothing is known: then the playlist's first size is the first, one that
 * plays on a usual phone. What is known is not trusted fully: it was another server's.
 */
export function firstEstimate(link: Link | undefined): number | undefined {
  if (link?.saveData) return slowest;
  if (!link?.downlink) return undefined;
  return Math.min(Math.max(link.downlink * 600_000, slowest), 5_000_000);
}

/** Waits half a second at first, twice as long each time: 15 s in all for five. */
function retries(most: number): RetryConfig {
  return {
    maxNumRetry: most,
    retryDelayMs: 500,
    maxRetryDelayMs: 8_000,
    // By itself hls.js gives up at once where there was no answer at all, and at 429.
    shouldRetry: (config, count, _isTimeout, response, retry) =>
      retry ||
      (!!config && count < config.maxNumRetry && !!response && isPassing(response.code ?? 0)),
  };
}

function policy(most: number, longestMs: number): { default: LoaderConfig } {
  return {
    default: {
      maxTimeToFirstByteMs: 10_000,
      maxLoadTimeMs: longestMs,
      errorRetry: retries(most),
      timeoutRetry: retries(2),
    },
  };
}

export function settings(startPosition: number, link: Link | undefined): Partial<HlsConfig> {
  const estimate = firstEstimate(link);
  return {
    startPosition,
    enableWorker: false,
    capLevelToPlayerSize: true,
    // Whoever leaves after ten seconds has not fetched the whole film.
    maxBufferLength: 20,
    maxMaxBufferLength: 20,
    // A film that grows begins at its beginning, and has no end to be played to.
    liveDurationInfinity: true,
    manifestLoadPolicy: policy(4, 20_000),
    playlistLoadPolicy: policy(4, 20_000),
    fragLoadPolicy: policy(5, 60_000),
    ...(estimate === undefined ? {} : { abrEwmaDefaultEstimate: estimate }),
  };
}

export interface Listener {
  /** It can't go on. What is buffered may play for a while. */
  failed(why: Failure): void;
  /** The film's playlist was read: how much of it there is, in seconds, and whether that is all. */
  read(seconds: number, isWhole: boolean): void;
}

export interface Playing {
  /** Bytes that have come of what is being fetched. */
  received(): number;
  stop(): void;
}

/**
 * Plays `url` in `video` from `at` seconds on.
 *
 * @param source what `video` has as its source already, if it is to be kept: then a `play()` that waits goes on waiting
 */
export async function playByScript(
  video: HTMLVideoElement,
  url: string,
  at: number,
  source: MediaSource | null,
  listener: Listener,
): Promise<Playing> {
  const { default: Hls } = await import("hls.js/light");
  const link = (navigator as Navigator & { connection?: Link }).connection;
  const hls = new Hls(settings(at, link));
  let fragment: Fragment | undefined;
  let before = 0;
  hls.on(Hls.Events.FRAG_LOADING, (_event, { frag }) => {
    before += fragment?.stats.loaded ?? 0;
    fragment = frag;
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
    listener.read(details.edge, !details.live);
  });
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal || goesOnUncapped(data)) return;
    listener.failed(failureOf(data.response?.code));
  });
  // A player as small as a stamp is kept to the smallest size, and when that is missing hls.js has none left.
  const goesOnUncapped = (data: ErrorData): boolean => {
    if (data.type !== Hls.ErrorTypes.NETWORK_ERROR || !hls.config.capLevelToPlayerSize)
      return false;
    if (!hls.levels.some((level) => level.loadError === 0)) return false;
    hls.capLevelToPlayerSize = false;
    hls.autoLevelCapping = -1;
    hls.nextLoadLevel = hls.levels.findIndex((level) => level.loadError === 0);
    hls.startLoad(video.currentTime);
    return true;
  };
  hls.loadSource(url);
  hls.attachMedia(source ? { media: video, mediaSource: source } : video);
  return {
    received: () => before + (fragment?.stats.loaded ?? 0),
    stop: () => hls.destroy(),
  };
}
