/**
 * One film on its way to the server: sent by tus piece by piece, held up and gone on with by itself whatever stopped it.
 *
 * States: `sending ⇄ waiting` (for the network, or for the site behind its front) `⇄ logged-out`, until `arrived`, `refused`, or
 * `unreadable`: then its owner chooses the file again, which is another `FilmUpload` that goes on at the acknowledged byte.
 */

import { Upload, type UploadOptions } from "tus-js-client";
import { markOf } from "./chosen-file";
import { whenBack } from "./coming-back";
import { keptFile } from "./kept-file";
import { keepPlace, pieceBytes, pieceReader, stopOf, waitBefore } from "./sending";

export type Progress =
  | { state: "sending"; percent: number }
  | { state: "waiting"; for: "network" | "site" }
  | { state: "logged-out" }
  | { state: "unreadable" }
  | { state: "refused"; words: string }
  | { state: "arrived" };

export interface Film {
  file: File;
  /** See `markOf`. */
  mark: string;
}

export class FilmUpload {
  private upload: Upload | null = null;
  private timer = 0;
  /** Since something was acknowledged. */
  private failures = 0;
  private hasBegunAnew = false;
  private isOnCopy = false;
  /** No request is under way: the next begins with `again`. */
  private isWaiting = false;
  private stopLooking: (() => void) | null = null;
  private readonly online = () => this.renew();

  constructor(
    private readonly endpoint: string,
    private readonly postId: string,
    private film: Film,
    private readonly tell: (progress: Progress) => void,
  ) {}

  /** Says whether it goes on with what was sent before. */
  async start(): Promise<boolean> {
    addEventListener("online", this.online);
    return this.send();
  }

  /** No more requests; what has arrived stays. */
  async stop(): Promise<void> {
    const upload = this.end();
    await upload?.abort();
  }

  /** The server forgets what has arrived. Offline, it does so when it expires, or when the next one begins. */
  async giveUp(): Promise<void> {
    const upload = this.end();
    if (!upload) return;
    await upload.abort();
    await forget(upload);
    if (!upload.url) return;
    await Upload.terminate(upload.url, { retryDelays: [] }).catch(() => undefined);
  }

  private async send(): Promise<boolean> {
    clearTimeout(this.timer);
    this.isWaiting = false;
    const { file, mark } = this.film;
    const options: UploadOptions = {
      endpoint: this.endpoint,
      chunkSize: pieceBytes,
      fileReader: pieceReader,
      // What to repeat, and when, is ours to say.
      retryDelays: null,
      metadata: { filename: file.name, filetype: file.type, post_id: this.postId },
      fingerprint: () => Promise.resolve(["megurumi", this.postId, mark].join("-")),
      removeFingerprintOnSuccess: true,
      onBeforeRequest: () => {
        // A piece that was still being read when its upload was stopped.
        if (this.upload !== upload) throw new Error("stopped");
      },
      onAfterResponse: keepPlace,
      onProgress: (done, all) => {
        if (this.upload !== upload) return;
        this.lookNoMore();
        const percent = all > 0 ? Math.floor((done / all) * 100) : 0;
        this.tell({ state: "sending", percent });
      },
      onChunkComplete: () => {
        this.failures = 0;
      },
      onSuccess: () => {
        this.end();
        this.tell({ state: "arrived" });
      },
      onError: (error) => void this.stopped(error),
    };
    const upload = new Upload(file, options);
    this.upload = upload;
    const [previous] = await upload.findPreviousUploads();
    if (this.upload !== upload) return false;
    if (previous) upload.resumeFromPreviousUpload(previous);
    upload.start();
    return previous !== undefined;
  }

  private async stopped(error: Error): Promise<void> {
    const stop = stopOf(error);
    switch (stop.next) {
      case "again":
        this.failures += 1;
        this.isWaiting = true;
        this.tell({ state: "waiting", for: stop.wasAnswered ? "site" : "network" });
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.again(), waitBefore(this.failures, stop.retryAfter));
        return;
      case "log-in":
        this.isWaiting = true;
        this.stopLooking ??= whenBack(() => this.again());
        this.tell({ state: "logged-out" });
        return;
      case "unreadable":
        return this.takeCopy();
      case "anew":
        // A HEAD found it, a PATCH did not: its bytes are lost. Once that may be; twice, and it is not the upload.
        if (!this.hasBegunAnew) {
          this.hasBegunAnew = true;
          if (this.upload) await forget(this.upload);
          await this.send();
          return;
        }
        break;
      case "refused":
    }
    this.end();
    this.tell({ state: "refused", words: stop.words });
  }

  /** On with the browser's own copy, where it made one and that can be read. */
  private async takeCopy(): Promise<void> {
    const { upload, film } = this;
    const copy = this.isOnCopy ? undefined : await keptFile(this.postId);
    const mark = copy && (await markOf(copy).catch(() => undefined));
    if (this.upload !== upload) return;
    if (copy && mark === film.mark) {
      this.isOnCopy = true;
      this.film = { file: copy, mark };
      await this.send();
      return;
    }
    this.end();
    this.tell({ state: "unreadable" });
  }

  private again(): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    clearTimeout(this.timer);
    this.upload?.start();
  }

  /** The network has changed, and with it what was on its way may be lost without a word. */
  private renew(): void {
    void this.upload?.abort();
    void this.send();
  }

  private lookNoMore(): void {
    this.stopLooking?.();
    this.stopLooking = null;
  }

  private end(): Upload | null {
    const upload = this.upload;
    this.upload = null;
    clearTimeout(this.timer);
    this.lookNoMore();
    removeEventListener("online", this.online);
    return upload;
  }
}

/** So that the next upload of the same film begins anew. */
async function forget(upload: Upload): Promise<void> {
  for (const { urlStorageKey } of await upload.findPreviousUploads()) {
    await upload.options.urlStorage?.removeUpload(urlStorageKey);
  }
}
