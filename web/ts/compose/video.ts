/**
 * The one video of a post: chosen, sent (`film-upload.ts`), watched while the server makes it ready, and what its author is told of each
 * step.
 */

import { kindBytes, kindOf, markOf, read } from "./chosen-file";
import { back } from "./coming-back";
import type { CoverAnswer } from "./covers";
import { type Draft, fill, Refused } from "./draft";
import { type Film, FilmUpload, type Progress } from "./film-upload";
import { forgetFile, keepFile, keptFile } from "./kept-file";
import type { PhotoAnswer } from "./photo-upload";
import { type LogIn, type Motion, VideoCard } from "./video-card";
import { ScreenLock } from "./wake-lock";

export interface Status {
  state: string;
  video: null | {
    state: "uploading" | "processing" | "ready" | "failed";
    percent: number;
    /** How far it is, or why it failed, in the reader's language. */
    message: string;
    notes: { text: string; warns: boolean }[];
    /** Of a film that can be shown in slow motion, once that is known. */
    motion: Motion | null;
    /** Whether another try can help. */
    retry: boolean;
  };
  photos?: PhotoAnswer[];
  covers: CoverAnswer[];
}

const pollMs = 2000;

/**
 * What cameras with tapes, discs and cards write, which not every computer knows for films. A phone, told of names,
 * would open another picker than that of its films.
 */
const cameraFiles = ".3g2,.asf,.dv,.m2ts,.mod,.mts,.tod,.vob,.wmv";

/** How often making the draft is tried again. */
const againMs = 4000;

export class VideoSlot {
  private readonly card: VideoCard;
  private readonly screen = new ScreenLock(navigator.wakeLock, document);
  private readonly words: DOMStringMap;
  private upload: FilmUpload | null = null;
  /** The film whose card is on the page, if it was chosen here. */
  private film: Film | null = null;
  private finished: Promise<void> = Promise.resolve();
  private finish: (() => void) | null = null;
  /** A film was chosen, and the draft it is for is still being made. */
  private isPreparing = false;
  private timer = 0;
  /** What was sent in part waits for its file, or for its owner to log in. */
  private asks: "file" | "log-in" | null = null;
  /** Counts choices, so that a slow one gives way to the next. */
  private choice = 0;

  constructor(
    form: HTMLFormElement,
    private readonly draft: Draft,
    private readonly watch: (status: Status) => void,
  ) {
    this.words = form.dataset;
    this.card = new VideoCard(form);
    const { input } = this.card;
    if (matchMedia("(pointer: fine)").matches) input.accept += `,${cameraFiles}`;
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      // The form itself must not send it a second time.
      input.value = "";
      if (file) void this.choose(file);
    });
    this.card.onRemove(() => {
      // Otherwise the server has it, or waits for the rest of it, and takes the form.
      if (!this.isBusy) return false;
      void this.cancel();
      return true;
    });
    void this.goOn(form);
  }

  /** Bytes are still on their way. */
  get isBusy(): boolean {
    return this.upload !== null || this.isPreparing;
  }

  /** It goes on only once its author has done something: brings that into sight. */
  get isAsking(): boolean {
    return this.asks !== null;
  }

  point(): void {
    this.card.point();
  }

  /** Settles when every byte has arrived or the upload was given up. */
  async sent(): Promise<void> {
    await this.finished;
  }

  /** After a load: resumes what was being sent, and watches what is being made ready. */
  private async goOn(form: HTMLFormElement): Promise<void> {
    const id = this.draft.id;
    if (!id) return;
    const state = this.card.state;
    const choice = this.choice;
    const file = await keptFile(id);
    if (file && (state === undefined || state === "uploading")) {
      const mark = await markOf(file).catch(() => undefined);
      if (choice !== this.choice) return;
      if (mark !== undefined) {
        this.show({ file, mark });
        await this.send({ file, mark }, id);
        return;
      }
    }
    if (file) await forgetFile(id);
    if (choice !== this.choice) return;
    if (state === "uploading") {
      this.asks = "file";
      this.card.askForSame();
      this.card.say(fill(this.words.tResumePick, { name: this.card.fileName }));
    }
    if (state === "processing" || form.querySelector(".photo-wait")) this.follow();
  }

  private async choose(file: File): Promise<void> {
    this.choice += 1;
    const choice = this.choice;
    const film = await this.examine(file);
    if (!film || choice !== this.choice) return;
    // The same film goes on where it was; another takes its place, which then counts as far as it came. Offline, the server ends it when
    // the next one begins.
    const wasAsked = this.asks === "file";
    const known = this.film;
    const isAnother = known?.mark !== film.mark;
    const replaced = this.upload;
    this.upload = null;
    if (isAnother) void replaced?.giveUp();
    else await replaced?.stop();
    this.show(film);
    const id = await this.draftFor(choice);
    if (id === undefined || choice !== this.choice) return;
    void keepFile(id, file);
    const goesOn = await this.send(film, id);
    if (wasAsked && (known ? isAnother : !goesOn) && choice === this.choice) {
      this.card.note([{ text: this.words.tVideoAnother ?? "", warns: true }]);
    }
  }

  /** The film, unless it is none or can't be taken: then its owner is told. */
  private async examine(file: File): Promise<Film | null> {
    this.card.complain("");
    if (file.size > Number(this.words.videoBytes)) {
      this.card.complain(this.words.tVideoTooBig ?? "");
      return null;
    }
    try {
      const kind = kindOf(await read(file, 0, kindBytes));
      if (kind === "photo" || kind === "document") {
        const words = kind === "photo" ? this.words.tVideoIsPhoto : this.words.tNotVideo;
        this.card.complain(words ?? "");
        return null;
      }
      return { file, mark: await markOf(file) };
    } catch {
      this.card.complain(fill(this.words.tUnreadable, { name: file.name }));
      return null;
    }
  }

  /** The draft's id, waiting for the network or a log-in where that takes one. `undefined`: it was refused, or another film was chosen. */
  private async draftFor(choice: number): Promise<string | undefined> {
    for (;;) {
      this.isPreparing = true;
      try {
        const id = await this.draft.ensure();
        if (choice !== this.choice) return undefined;
        this.asks = null;
        this.isPreparing = false;
        return id;
      } catch (error) {
        if (choice !== this.choice) return undefined;
        const status = error instanceof Refused ? error.status : 0;
        if (status === 401) {
          // There is no address to come back to yet.
          this.askLogIn({ address: "/login?next=/me", elsewhere: true });
        } else if (status === 0 || status >= 500) {
          this.wait(status === 0 ? this.words.tResuming : this.words.tBusy);
        } else {
          this.film = null;
          this.isPreparing = false;
          this.end();
          this.card.empty();
          const told = error instanceof Refused ? error.message : "";
          this.card.complain(told || (this.words.tFailed ?? ""));
          return undefined;
        }
        await (status === 401 ? back() : new Promise((resolve) => setTimeout(resolve, againMs)));
        if (choice !== this.choice) return undefined;
      }
    }
  }

  private show(film: Film): void {
    this.film = film;
    this.asks = null;
    this.screen.hold();
    if (!this.finish) {
      this.finished = new Promise((resolve) => {
        this.finish = resolve;
      });
    }
    this.card.show(film.file);
    this.card.say(fill(this.words.tUploading, { percent: 0 }));
  }

  /** Says whether it goes on with what was sent before. */
  private send(film: Film, id: string): Promise<boolean> {
    clearTimeout(this.timer);
    const upload = new FilmUpload(this.words.uploads ?? "/uploads", id, film, (progress) => {
      if (this.upload === upload) void this.take(progress, id);
    });
    this.upload = upload;
    return upload.start();
  }

  private async take(progress: Progress, id: string): Promise<void> {
    if (progress.state === "sending") {
      this.asks = null;
      this.screen.hold();
      this.card.offerLogIn(null);
      this.card.progress("uploading", progress.percent);
      this.card.say(fill(this.words.tUploading, { percent: progress.percent }));
      return;
    }
    if (progress.state === "waiting") {
      this.wait(progress.for === "site" ? this.words.tBusy : this.words.tResuming);
      return;
    }
    if (progress.state === "logged-out") {
      this.screen.release();
      const upload = this.upload;
      // The file comes along where the browser keeps it, and so do words that are saved.
      const stays = this.draft.isSaved && (await keptFile(id)) !== undefined;
      if (this.upload !== upload) return;
      const here = encodeURIComponent(location.pathname + location.search);
      this.askLogIn({ address: `/login?next=${stays ? here : "/me"}`, elsewhere: !stays });
      return;
    }
    this.upload = null;
    this.end();
    void forgetFile(id);
    this.card.offerLogIn(null);
    if (progress.state === "arrived") {
      this.card.progress("processing", 0);
      this.card.say(this.words.tArrived ?? "");
      this.card.offerCaptions(id);
      this.follow();
    } else if (progress.state === "unreadable") {
      this.asks = "file";
      this.card.progress("asking");
      this.card.askForSame();
      this.card.say(fill(this.words.tVideoUnreadable, { name: this.card.fileName }));
    } else {
      this.asks = null;
      this.card.progress("failed", null);
      this.card.say(progress.words || (this.words.tFailed ?? ""));
    }
  }

  private wait(words: string | undefined): void {
    this.asks = null;
    this.screen.bridge();
    this.card.offerLogIn(null);
    this.card.progress("waiting");
    this.card.say(words ?? "");
  }

  private askLogIn(logIn: LogIn): void {
    this.asks = "log-in";
    this.card.progress("asking");
    this.card.offerLogIn(logIn);
    this.card.say(this.words.tVideoLogin ?? "");
  }

  private async cancel(): Promise<void> {
    this.choice += 1;
    const upload = this.upload;
    this.upload = null;
    this.film = null;
    this.asks = null;
    this.isPreparing = false;
    clearTimeout(this.timer);
    this.card.empty();
    if (this.draft.id) await forgetFile(this.draft.id);
    await upload?.giveUp();
    this.end();
    this.card.input.focus();
  }

  /** Nothing is on its way any more, whatever became of it. */
  private end(): void {
    this.screen.release();
    this.finish?.();
    this.finish = null;
  }

  /** Asks the server how far it is, again and again while something is being made ready. */
  follow(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), pollMs);
  }

  private async look(): Promise<void> {
    try {
      const response = await fetch(`/posts/${this.draft.id}/status`, {
        headers: { accept: "application/json" },
      });
      if (!response.ok) throw new Error(String(response.status));
      const status = (await response.json()) as Status;
      this.watch(status);
      const video = status.video;
      // Beside a film that is on its way, or waits for its file, the server still tells of the one before.
      if (video && video.state !== "uploading" && !this.isBusy && !this.isAsking) {
        this.card.progress(video.state, video.state === "processing" ? video.percent : null);
        this.card.say(video.message);
        this.card.note(video.notes);
        this.card.motion(video.motion);
        if (video.retry) this.card.offerRetry();
      }
      const photosWait = status.photos?.some((photo) => !photo.url && !photo.note) ?? false;
      if (video?.state === "processing" || video?.state === "uploading" || photosWait)
        this.follow();
    } catch {
      this.follow();
    }
  }
}
