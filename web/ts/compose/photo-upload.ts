/** One photo on its way to the server: read, sent, and sent again where that is sure not to make two of it. */

import { kindBytes, kindOf, read } from "./chosen-file";
import { back } from "./coming-back";
import { type Draft, fill, Refused } from "./draft";
import { retryAfterOf, waitBefore } from "./sending";
import { told } from "./told";

export interface PhotoAnswer {
  id: string;
  /** `null` while it is being made ready. */
  url: string | null;
  /** What its author is told of it, in the reader's language. */
  note?: string | null;
}

/** Not worth sending; the message says why. */
export class Unfit extends Error {}

/** Whether it is worth showing: readable, and not plainly something else. */
export async function mayBePhoto(file: File): Promise<boolean> {
  const start = await read(file, 0, kindBytes).catch(() => undefined);
  return start !== undefined && !["film", "document"].includes(kindOf(start));
}

/** The page that a photo is sent from. */
interface Page {
  words: DOMStringMap;
  /** Its author may take it off meanwhile. */
  isWanted(): boolean;
  tell(words: string): void;
  askLogIn(): void;
  loggedIn(): void;
}

/** A front answers so when no site took the request; after silence or a 504 it may have been taken. */
const isUntaken = (status: number) => [429, 502, 503].includes(status);

/**
 * Settles when the photo is taken, with `undefined` when it was not wanted any more.
 *
 * Throws `Unfit`, `Refused`, or whatever the network does.
 */
export async function sendPhoto(
  file: File,
  draft: Draft,
  page: Page,
): Promise<PhotoAnswer | undefined> {
  const { words } = page;
  const bytes = await read(file, 0, file.size).catch(() => {
    throw new Unfit(fill(words.tUnreadable, { name: file.name }));
  });
  const kind = kindOf(bytes.slice(0, kindBytes));
  if (kind === "film") throw new Unfit(words.tPhotoIsVideo ?? "");
  if (kind === "document") throw new Unfit(words.tNotPhoto ?? "");
  const photo = new File([bytes], file.name, { type: file.type });
  for (let failures = 1; page.isWanted(); failures += 1) {
    try {
      const taken = await post(photo, await draft.ensure());
      if (failures > 1) page.tell("");
      return taken;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) {
        page.askLogIn();
        do await back();
        while (page.isWanted() && (await isLoggedOut(draft)));
        page.loggedIn();
      } else if (isUntaken(error.status) && !error.message) {
        page.tell(words.tBusy ?? "");
        const wait = waitBefore(failures, error.retryAfter);
        await new Promise((resolve) => setTimeout(resolve, wait));
      } else {
        throw error;
      }
    }
  }
  return undefined;
}

async function post(photo: File, id: string): Promise<PhotoAnswer> {
  const body = new FormData();
  body.append("photos", photo, photo.name);
  const response = await fetch(`/posts/${id}/photos`, {
    method: "POST",
    headers: { accept: "application/json" },
    body,
  });
  const text = await response.text();
  if (!response.ok) {
    const retryAfter = retryAfterOf(response.headers.get("retry-after"), Date.now());
    throw new Refused(response.status, told(text), retryAfter);
  }
  const taken = (JSON.parse(text) as { photos?: PhotoAnswer[] }).photos?.at(-1);
  if (!taken) throw new Error("no photo was taken");
  return taken;
}

/** Asked without sending megabytes. */
async function isLoggedOut(draft: Draft): Promise<boolean> {
  if (!draft.id) return false;
  const headers = { accept: "application/json" };
  const answer = await fetch(`/posts/${draft.id}/status`, { headers }).catch(() => undefined);
  return !answer || answer.status === 401;
}
