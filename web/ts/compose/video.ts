/**
 * The one video of a post: sent by tus in small pieces, resumed after whatever stopped it, watched while the server
 * makes it ready.
 */

import { DetailedError, Upload } from "tus-js-client";
import type { CoverAnswer } from "./covers";
import { type Draft, fill } from "./draft";
import { forgetFile, keepFile, keptFile } from "./kept-file";
import type { PhotoAnswer } from "./photos";

export interface Status {
  state: string;
  video: null | {
    state: "uploading" | "processing" | "ready" | "failed";
    percent: number;
    /** How far it is, or why it failed, in the reader's language. */
    message: string;
    notes: { text: string; warns: boolean }[];
    /** Whether another try can help. */
    retry: boolean;
  };
  photos?: PhotoAnswer[];
  covers: CoverAnswer[];
}

/** One PATCH: small enough that a train tunnel costs seconds, large enough to be quick on a good line. */
const pieceBytes = 1024 * 1024;
const againMs = 4000;
const pollMs = 2000;

const videoName = /\.(mp4|m4v|mov|webm|mkv|3gp|3g2|avi|mpe?g|m2?ts|wmv|asf|dv|vob|mod|tod|ogv)$/i;

/**
 * What cameras with tapes, discs and cards write, which not every computer knows for films. A phone, told of names,
 * would open another picker than that of its films.
 */
const cameraFiles = ".3g2,.asf,.dv,.m2ts,.mod,.mts,.tod,.vob,.wmv";

export function looksLikeVideo(name: string, type: string): boolean {
  return type.startsWith("video/") || videoName.test(name);
}

/** Worth another try: no answer at all, the server is busy, or our offset was out of step. */
export function isPassing(status: number | undefined): boolean {
  return status === undefined || status === 0 || status >= 500 || [409, 423, 460].includes(status);
}

/** What tells one file from another. */
function markOf(file: File): string {
  return [file.name, file.size, file.lastModified].join("-");
}

export class VideoSlot {
  private readonly slot: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly words: DOMStringMap;
  private upload: Upload | null = null;
  private finished: Promise<void> = Promise.resolve();
  private finish: () => void = () => undefined;
  private timer = 0;
  /** The file whose card is on the page. */
  private shown: File | null = null;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly draft: Draft,
    private readonly watch: (status: Status) => void,
  ) {
    const slot = form.querySelector<HTMLElement>("[data-video-slot]");
    const input = form.querySelector<HTMLInputElement>("input[name=video]");
    if (!slot || !input) throw new Error("the form has no place for a video");
    this.slot = slot;
    this.input = input;
    this.words = form.dataset;
    if (matchMedia("(pointer: fine)").matches) input.accept += `,${cameraFiles}`;
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      // The form itself must not send it a second time.
      input.value = "";
      if (file) void this.choose(file);
    });
    slot.addEventListener("click", (event) => {
      if (!(event.target instanceof Element) || !this.upload) return;
      if (!event.target.closest("[data-video-remove]")) return;
      event.preventDefault();
      void this.cancel();
    });
    addEventListener("online", () => this.again());
    void this.goOn();
  }

  /** Bytes are still on their way. */
  get isBusy(): boolean {
    return this.upload !== null;
  }

  /** Settles when every byte has arrived or the upload was given up. */
  async sent(): Promise<void> {
    await this.finished;
  }

  /** After a load: resumes what was being sent, and watches what is being made ready. */
  private async goOn(): Promise<void> {
    const id = this.draft.id;
    if (!id) return;
    const card = this.slot.querySelector<HTMLElement>("[data-video-card]");
    const state = card?.dataset.state;
    const file = await keptFile(id);
    if (file && (state === undefined || state === "uploading")) {
      await this.send(file, id);
      return;
    }
    if (file) await forgetFile(id);
    if (state === "uploading") {
      const name = card?.querySelector(".file-name")?.textContent ?? "";
      this.say(fill(this.words.tResumePick, { name }));
    }
    if (state === "processing" || this.form.querySelector(".photo-wait")) this.follow();
  }

  private async choose(file: File): Promise<void> {
    this.complain("");
    if (!looksLikeVideo(file.name, file.type)) {
      this.complain(this.words.tNotVideo ?? "");
      return;
    }
    if (file.size > Number(this.words.videoBytes)) {
      this.complain(this.words.tVideoTooBig ?? "");
      return;
    }
    // The same film goes on where it was; another takes its place, which then counts as far as it came. Offline, the server ends it when
    // the next one begins.
    const isAnother = !this.shown || markOf(this.shown) !== markOf(file);
    const replaced = this.upload;
    await replaced?.abort();
    if (isAnother && replaced?.url)
      void Upload.terminate(replaced.url, { retryDelays: [] }).catch(() => undefined);
    this.show(file);
    let id: string;
    try {
      id = await this.draft.ensure();
    } catch {
      this.empty();
      this.complain(this.words.tOffline ?? "");
      return;
    }
    void keepFile(id, file);
    await this.send(file, id);
  }

  private async send(file: File, id: string): Promise<void> {
    if (this.shown !== file) this.show(file);
    clearTimeout(this.timer);
    this.finish();
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
    const upload = new Upload(file, {
      endpoint: this.words.uploads ?? "/uploads",
      chunkSize: pieceBytes,
      retryDelays: [0, 500, 1000, 2000, 4000],
      metadata: { filename: file.name, filetype: file.type, post_id: id },
      fingerprint: () => Promise.resolve(["megurumi", id, markOf(file)].join("-")),
      removeFingerprintOnSuccess: true,
      onShouldRetry: (error) => {
        const passing = isPassing(error.originalResponse?.getStatus());
        if (passing) this.say(this.words.tResuming ?? "");
        return passing;
      },
      onProgress: (done, all) => {
        const percent = all > 0 ? Math.floor((done / all) * 100) : 0;
        this.progress("uploading", percent);
        this.say(fill(this.words.tUploading, { percent }));
      },
      onSuccess: () => {
        this.upload = null;
        void forgetFile(id);
        this.progress("processing", 0);
        this.say(this.words.tArrived ?? "");
        this.offerCaptions(id);
        this.finish();
        this.follow();
      },
      onError: (error) => this.failed(error, id),
    });
    this.upload = upload;
    const [previous] = await upload.findPreviousUploads();
    if (previous) upload.resumeFromPreviousUpload(previous);
    if (this.upload === upload) upload.start();
  }

  private failed(error: Error | DetailedError, id: string): void {
    const response = error instanceof DetailedError ? error.originalResponse : undefined;
    if (isPassing(response?.getStatus())) {
      this.say(this.words.tResuming ?? "");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.again(), againMs);
      return;
    }
    this.upload = null;
    void forgetFile(id);
    this.finish();
    this.progress("failed", null);
    this.say(told(response?.getBody()) || (this.words.tFailed ?? ""));
  }

  private again(): void {
    clearTimeout(this.timer);
    this.upload?.start();
  }

  private async cancel(): Promise<void> {
    const upload = this.upload;
    this.upload = null;
    clearTimeout(this.timer);
    this.empty();
    if (this.draft.id) await forgetFile(this.draft.id);
    // Offline, the server drops the rest when it expires.
    await upload?.abort(true).catch(() => undefined);
    this.finish();
    this.input.focus();
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
      if (video && video.state !== "uploading") {
        this.progress(video.state, video.state === "processing" ? video.percent : null);
        this.say(video.message);
        this.note(video.notes);
        if (video.retry) this.offerRetry();
      }
      const photosWait = status.photos?.some((photo) => !photo.url && !photo.note) ?? false;
      if (video?.state === "processing" || video?.state === "uploading" || photosWait)
        this.follow();
    } catch {
      this.follow();
    }
  }

  /** A card for `file` in place of any other: how it begins, its name, and how far it is. */
  private show(file: File): void {
    this.empty();
    this.shown = file;
    const card = document.createElement("div");
    card.dataset.videoCard = "";
    const words = document.createElement("div");
    words.className = "video-words";
    const name = document.createElement("b");
    name.className = "file-name";
    name.textContent = file.name;
    const status = document.createElement("p");
    status.dataset.videoStatus = "";
    status.setAttribute("role", "status");
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.dataset.videoProgress = "";
    bar.setAttribute("aria-label", this.words.tProgress ?? "");
    words.append(name, status, bar);
    const row = document.createElement("div");
    row.className = "row";
    const remove = document.createElement("button");
    remove.className = "button small";
    remove.name = "action";
    remove.value = "video-remove";
    remove.dataset.videoRemove = "";
    remove.textContent = this.words.tRemove ?? "";
    row.append(remove);
    card.append(this.beginning(file), words, row);
    this.slot.replaceChildren(card);
    this.call(this.words.tVideoReplace);
    this.progress("uploading", 0);
    this.say(fill(this.words.tUploading, { percent: 0 }));
  }

  /** The film's first picture, or a drawn camera where this browser cannot show the film. */
  private beginning(file: File): HTMLElement {
    const film = document.createElement("video");
    film.className = "video-poster";
    film.muted = true;
    film.playsInline = true;
    film.preload = "metadata";
    film.setAttribute("aria-hidden", "true");
    const address = URL.createObjectURL(file);
    film.addEventListener(
      "error",
      () => {
        URL.revokeObjectURL(address);
        const badge = document.createElement("span");
        badge.className = "badge";
        const icon = this.form.querySelector("label[for=f-video] .icon");
        if (icon) badge.append(icon.cloneNode(true));
        film.replaceWith(badge);
      },
      { once: true },
    );
    film.src = `${address}#t=0.1`;
    return film;
  }

  /** What else its author is told of it: written as the page itself writes it. */
  private note(notes: { text: string; warns: boolean }[]): void {
    const card = this.slot.querySelector<HTMLElement>("[data-video-card]");
    let place = card?.querySelector<HTMLElement>("[data-video-notes]");
    if (!card || (notes.length === 0 && !place)) return;
    if (!place) {
      place = document.createElement("div");
      place.className = "video-notes";
      place.dataset.videoNotes = "";
      card.querySelector(".video-words")?.after(place);
    }
    const lines = notes.map(({ text, warns }) => {
      const line = document.createElement("p");
      line.className = warns ? "media-note warning" : "media-note";
      line.textContent = text;
      return line;
    });
    place.replaceChildren(...lines);
  }

  /** Only where the server says that it can help; otherwise a film is chosen anew. */
  private offerRetry(): void {
    const row = this.slot.querySelector(".row");
    if (!row || row.querySelector("[value=video-retry]")) return;
    const retry = document.createElement("button");
    retry.className = "button small";
    retry.name = "action";
    retry.value = "video-retry";
    retry.textContent = this.words.tRetry ?? "";
    row.prepend(retry);
  }

  /** From now on there is a film to write them for. */
  private offerCaptions(id: string): void {
    const row = this.slot.querySelector(".row");
    if (!row || row.querySelector("a")) return;
    const link = document.createElement("a");
    link.className = "button small";
    link.href = `/posts/${id}/captions`;
    link.textContent = this.words.tCaptions ?? "";
    row.prepend(link);
  }

  private empty(): void {
    this.shown = null;
    this.slot.replaceChildren();
    this.call(this.words.tVideo);
  }

  /** What the button for choosing says. */
  private call(words: string | undefined): void {
    const label = this.form.querySelector("label[for=f-video] b");
    if (label && words) label.textContent = words;
  }

  private progress(state: string, percent: number | null): void {
    const card = this.slot.querySelector<HTMLElement>("[data-video-card]");
    const bar = this.slot.querySelector<HTMLProgressElement>("[data-video-progress]");
    if (!card || !bar) return;
    card.dataset.state = state;
    card.className = `video-card state-${state}`;
    bar.hidden = percent === null;
    if (percent !== null) bar.value = percent;
  }

  private say(text: string): void {
    const status = this.slot.querySelector("[data-video-status]");
    if (status && status.textContent !== text) status.textContent = text;
  }

  private complain(text: string): void {
    const field = this.form.querySelector("#video-field");
    let note = field?.querySelector<HTMLElement>(".field-error");
    if (!note && text) {
      note = document.createElement("p");
      note.className = "field-error";
      note.setAttribute("role", "alert");
      field?.append(note);
    }
    if (note) note.textContent = text;
  }
}

/** The `message` of a JSON refusal, if that is what `body` is. */
export function told(body: string | undefined): string {
  try {
    const answer: unknown = JSON.parse(body ?? "");
    if (answer && typeof answer === "object" && "message" in answer) return String(answer.message);
  } catch {
    // Not JSON.
  }
  return "";
}
