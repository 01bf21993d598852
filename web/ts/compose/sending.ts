/**
 * The rules of sending a film by tus: what to do after each answer, and how long to wait before it.
 *
 * tus-js-client takes a HEAD that is answered by anything but 2xx and 423 for "there is no such upload" and begins a new one from byte 0: also
 * a front's 502 while the server restarts, or the 401 of a session that ran out. So [`keepPlace`] turns such answers into errors
 * before the client sees them, and only 404 and 410 still begin anew.
 *
 * Not here: who carries it out (`film-upload.ts`), and what people are told of it (`video.ts`).
 */

import { DetailedError, type FileReader, type HttpRequest, type HttpResponse } from "tus-js-client";
import { read, Unreadable } from "./chosen-file";
import { told } from "./told";

/** One PATCH: small enough that a train tunnel costs seconds, large enough to be quick on a good line. */
export const pieceBytes = 1024 * 1024;

/** What comes after a request that did not do. */
export type Next =
  /** The same once more, after a while: nothing answered, or not the server itself, or our offset was out of step. */
  | "again"
  /** The upload is no more. */
  | "anew"
  /** The session ended. */
  | "log-in"
  /** It will never be taken. */
  | "refused";

/** The longest wait that is not a refusal, in seconds. */
const patience = 300;

/** `retryAfter` in seconds, if the answer has one. */
export function nextAfter(method: string, status: number, retryAfter?: number): Next {
  if (status === 401) return "log-in";
  if (status === 404 || status === 410) return method === "POST" ? "refused" : "anew";
  // The hourly or daily limit of a member is told in its own words; a front's comes without, or is over soon.
  if (status === 429) return (retryAfter ?? 0) <= patience ? "again" : "refused";
  if ([408, 409, 423, 425, 460].includes(status)) return "again";
  // A success or a redirect that made no sense to the client came from something between us, such as a hotel's log-in.
  return status >= 500 || status < 400 ? "again" : "refused";
}

/** `Retry-After` in seconds from `now` (milliseconds): a number of seconds or a date. */
export function retryAfterOf(field: string | null | undefined, now: number): number | undefined {
  if (!field) return undefined;
  const seconds = /^\d+$/.test(field) ? Number(field) : (Date.parse(field) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

const delays = [0, 500, 1000, 2000, 4000];

/** Milliseconds before the try after `failures` in a row. */
export function waitBefore(failures: number, retryAfter?: number): number {
  const usual = delays[Math.min(failures, delays.length) - 1] ?? 0;
  return Math.max(usual, Math.min(retryAfter ?? 0, patience) * 1000);
}

/** An answer to a HEAD that says nothing about the upload. */
export class Unanswered extends Error {
  constructor(readonly response: HttpResponse) {
    super(`HEAD was answered ${response.getStatus()}`);
  }
}

/** For `onAfterResponse`. */
export function keepPlace(request: HttpRequest, response: HttpResponse): void {
  const status = response.getStatus();
  const isAnswer = status >= 200 && status < 300;
  if (request.getMethod() !== "HEAD" || isAnswer) return;
  if (nextAfter("HEAD", status) !== "anew") throw new Unanswered(response);
}

/** Why sending stopped. */
export interface Stop {
  next: Next | "unreadable";
  /** Something answered: the network is there. */
  wasAnswered: boolean;
  /** Seconds. */
  retryAfter?: number | undefined;
  /** The server's own words, perhaps none. */
  words: string;
}

export function stopOf(error: Error): Stop {
  const detailed = error instanceof DetailedError ? error : undefined;
  const cause = detailed?.causingError ?? error;
  if (cause instanceof Unreadable) return { next: "unreadable", wasAnswered: false, words: "" };
  const response = cause instanceof Unanswered ? cause.response : detailed?.originalResponse;
  const status = response?.getStatus();
  if (!detailed || !response || !status) return { next: "again", wasAnswered: false, words: "" };
  const retryAfter = retryAfterOf(response.getHeader("Retry-After"), Date.now());
  const next = nextAfter(detailed.originalRequest.getMethod(), status, retryAfter);
  return { next, wasAnswered: true, retryAfter, words: told(response.getBody()) };
}

/** Reads each piece before it is sent, so that a file that can't be read is never taken for a network that is down. */
export const pieceReader: FileReader = {
  openFile: (file: File) =>
    Promise.resolve({
      size: file.size,
      slice: async (start: number, end: number) => ({
        value: new Blob([await read(file, start, end)]),
        done: end >= file.size,
      }),
      close: () => undefined,
    }),
};
