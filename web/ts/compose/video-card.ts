/** The card of a post's film: its beginning, its name, how far it is, and what its author can do. Only the page; what happens is in `video.ts`. */

import { fieldError } from "./field-error";

export interface Note {
  text: string;
  warns: boolean;
}

export interface Motion {
  text: string;
  /** Value and words of the button; `null` where it can't be changed. */
  change: { action: string; label: string } | null;
}

/** Where to log in, and whether in another tab: what is on this page would be lost. */
export interface LogIn {
  address: string;
  elsewhere: boolean;
}

export class VideoCard {
  private readonly slot: HTMLElement;
  readonly input: HTMLInputElement;
  private readonly words: DOMStringMap;

  constructor(private readonly form: HTMLFormElement) {
    const slot = form.querySelector<HTMLElement>("[data-video-slot]");
    const input = form.querySelector<HTMLInputElement>("input[name=video]");
    if (!slot || !input) throw new Error("the form has no place for a video");
    this.slot = slot;
    this.input = input;
    this.words = form.dataset;
    const any = form.querySelector<HTMLButtonElement>("[data-video-any]");
    any?.addEventListener("click", () => this.pickAny());
    if (any) any.hidden = false;
  }

  /** As the server wrote it or we did; `undefined` without a card. */
  get state(): string | undefined {
    return this.element?.dataset.state;
  }

  get fileName(): string {
    return this.slot.querySelector(".file-name")?.textContent ?? "";
  }

  private get element(): HTMLElement | null {
    return this.slot.querySelector<HTMLElement>("[data-video-card]");
  }

  onRemove(act: () => boolean): void {
    this.slot.addEventListener("click", (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest("[data-video-remove]") && act()) event.preventDefault();
    });
  }

  /** A card for `file` in place of any other. */
  show(file: File): void {
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
  }

  empty(): void {
    this.slot.replaceChildren();
    this.call(this.words.tVideo);
  }

  /** `percent`: none hides the bar, and without it the bar stays where it is. */
  progress(state: string, percent?: number | null): void {
    const card = this.element;
    const bar = this.slot.querySelector<HTMLProgressElement>("[data-video-progress]");
    if (!card || !bar) return;
    card.dataset.state = state;
    card.className = `video-card state-${state}`;
    if (percent === undefined) return;
    bar.hidden = percent === null;
    if (percent !== null) bar.value = percent;
  }

  say(text: string): void {
    const status = this.slot.querySelector("[data-video-status]");
    if (status && status.textContent !== text) status.textContent = text;
  }

  /** What else its author is told of it: written as the page itself writes it. */
  note(notes: readonly Note[]): void {
    const card = this.element;
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

  /** How a film is shown that was filmed for slow motion, and the button that changes it: as the page itself writes them. */
  motion(motion: Motion | null): void {
    const card = this.element;
    let place = card?.querySelector<HTMLElement>("[data-video-motion]");
    if (!card || !motion) {
      place?.remove();
      return;
    }
    if (!place) {
      place = document.createElement("div");
      place.className = "video-motion";
      place.dataset.videoMotion = "";
      card.querySelector(".row")?.before(place);
    }
    // What is there already keeps the focus.
    if (place.querySelector("p")?.textContent === motion.text) return;
    const words = document.createElement("p");
    words.textContent = motion.text;
    place.replaceChildren(words);
    if (motion.change) {
      const button = document.createElement("button");
      button.className = "button small";
      button.name = "action";
      button.value = motion.change.action;
      button.textContent = motion.change.label;
      place.append(button);
    }
  }

  /** The button for choosing asks for the same film. */
  askForSame(): void {
    this.call(this.words.tVideoAgain);
  }

  /** The link to the log-in, or none any more. */
  offerLogIn(logIn: LogIn | null): void {
    const row = this.slot.querySelector(".row");
    let link = row?.querySelector<HTMLAnchorElement>("[data-video-login]");
    if (!logIn) {
      link?.remove();
      return;
    }
    if (!link) {
      link = document.createElement("a");
      link.className = "button small";
      link.dataset.videoLogin = "";
      link.textContent = this.words.tLoginGo ?? "";
      row?.prepend(link);
    }
    link.href = logIn.address;
    if (logIn.elsewhere) link.target = "_blank";
    else link.removeAttribute("target");
  }

  /** Only where the server says that it can help; otherwise a film is chosen anew. */
  offerRetry(): void {
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
  offerCaptions(post: string): void {
    const row = this.slot.querySelector(".row");
    if (!row || row.querySelector("a")) return;
    const link = document.createElement("a");
    link.className = "button small";
    link.href = `/posts/${post}/captions`;
    link.textContent = this.words.tCaptions ?? "";
    row.prepend(link);
  }

  complain(text: string): void {
    const note = fieldError(this.form.querySelector("#video-field"), text !== "");
    if (note) note.textContent = text;
  }

  /** Brings what its author has to do into sight, and the focus there. */
  point(): void {
    const link = this.slot.querySelector<HTMLElement>("[data-video-login]");
    this.element?.scrollIntoView({ block: "center" });
    (link ?? this.input).focus({ preventScroll: true });
  }

  /**
   * A phone's picker for `video/*` shows films alone, which is what most want; it hides those of a file manager or a messenger that
   * are called `application/octet-stream`. Without the attribute everything is there.
   */
  private pickAny(): void {
    const { accept } = this.input;
    this.input.accept = "";
    this.input.click();
    this.input.accept = accept;
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

  /** What the button for choosing says. */
  private call(words: string | undefined): void {
    const label = this.form.querySelector("label[for=f-video] b");
    if (label && words) label.textContent = words;
  }
}
