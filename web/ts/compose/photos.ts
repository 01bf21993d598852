/** The photos of a post: sent as soon as they are chosen, reordered and removed in place. */

import { type Draft, fill, Refused } from "./draft";
import { fieldError } from "./field-error";
import { mayBePhoto, type PhotoAnswer, sendPhoto, Unfit } from "./photo-upload";

/** What a picker is to offer beside `image/*`, for a browser that calls itself `agent`.
 *
 * A desktop's picker goes by the names it knows, and mostly knows neither HEIC nor JPEG XL. Everywhere else `image/*` alone is best:
 * - Android gives up its photo picker, for one of files, when one of the endings is unknown to it;
 * - Safari on a Mac, up to 26.2, takes single formats beside `image/*` for the only ones allowed, and makes HEIC of a PNG;
 * - an iPhone sends photos from its library as JPEG and those from its files as they are, whatever is listed. We take both. */
export function endingsFor(agent: string): string[] {
  const knowsImages = /Android|iPhone|iPad|Macintosh/.test(agent);
  return knowsImages ? [] : [".heic", ".heif", ".hif", ".avif", ".jxl"];
}

/** The same list with the item at `index` moved by `step`, or the list itself at an end. */
export function moved<T>(items: readonly T[], index: number, step: -1 | 1): readonly T[] {
  const to = index + step;
  const item = items[index];
  if (item === undefined || to < 0 || to >= items.length) return items;
  const rest = items.filter((_, i) => i !== index);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}

export class PhotoList {
  private readonly list: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly order: HTMLInputElement;
  private readonly words: DOMStringMap;
  private queue: Promise<void> = Promise.resolve();
  private sending = 0;
  /** One waits for its owner to log in. */
  private waitsForLogIn = false;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly draft: Draft,
    /** A photo is on the server, which now makes it ready: its picture is wanted where this browser cannot show it itself, such as HEIC,
     * and it may be chosen to be seen first. */
    private readonly sent: () => void,
    private readonly removed: (photo: string) => void,
  ) {
    const list = form.querySelector<HTMLElement>("[data-photo-list]");
    const input = form.querySelector<HTMLInputElement>("input[name=photos]");
    const order = form.querySelector<HTMLInputElement>("input[name=photos_order]");
    if (!list || !input || !order) throw new Error("the form has no photo list");
    this.list = list;
    this.input = input;
    this.order = order;
    this.words = form.dataset;
    input.accept = [input.accept, ...endingsFor(navigator.userAgent)].join(",");
    input.addEventListener("change", () => this.choose());
    list.addEventListener("click", (event) => this.press(event));
  }

  get isBusy(): boolean {
    return this.sending > 0;
  }

  async settled(): Promise<void> {
    await this.queue;
  }

  /** It goes on only once its author has logged in: brings that into sight. */
  get isAsking(): boolean {
    return this.waitsForLogIn;
  }

  point(): void {
    const link = this.form.querySelector<HTMLElement>("#photos-field .field-error a");
    link?.scrollIntoView({ block: "center" });
    link?.focus({ preventScroll: true });
  }

  /** Shows photos that have become ready. */
  take(photos: readonly PhotoAnswer[] | undefined): void {
    for (const photo of photos ?? []) {
      if (photo.url) this.showPicture(photo.id, photo.url);
      if (photo.note) this.showNote(photo.id, photo.note);
    }
  }

  private items(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[data-photo]")];
  }

  private choose(): void {
    const files = [...(this.input.files ?? [])];
    // The form itself must not send them a second time.
    this.input.value = "";
    this.complain("");
    const most = Number(this.words.maxPhotos);
    for (const file of files) {
      if (this.list.children.length >= most) {
        this.complain(fill(this.words.tTooMany, { n: most }));
        break;
      }
      if (file.size > Number(this.words.photoBytes)) {
        this.complain(this.words.tPhotoTooBig ?? "");
      } else {
        this.add(file);
      }
    }
  }

  private add(file: File): void {
    const item = this.makeItem();
    const wait = item.querySelector<HTMLElement>(".photo-wait");
    const image = document.createElement("img");
    image.alt = fill(this.words.tPhoto, { n: this.list.children.length + 1 });
    image.addEventListener("load", () => wait?.replaceWith(image), { once: true });
    void mayBePhoto(file).then((may) => {
      if (may) image.src = URL.createObjectURL(file);
    });
    this.list.append(item);
    this.renumber();
    this.sending += 1;
    this.queue = this.queue.then(async () => {
      try {
        await this.send(file, item);
      } finally {
        this.sending -= 1;
      }
    });
  }

  private async send(file: File, item: HTMLElement): Promise<void> {
    try {
      const photo = await sendPhoto(file, this.draft, {
        words: this.words,
        isWanted: () => item.isConnected,
        tell: (words) => this.complain(words),
        askLogIn: () => this.askLogIn(),
        loggedIn: () => {
          this.waitsForLogIn = false;
        },
      });
      if (!photo || !item.isConnected) return;
      item.dataset.photo = photo.id;
      item.classList.remove("sending");
      const alt = item.querySelector("input");
      if (alt) alt.name = `alt_${photo.id}`;
      this.reordered();
      this.sent();
    } catch (error) {
      item.remove();
      this.renumber();
      const words = error instanceof Refused || error instanceof Unfit ? error.message : "";
      this.complain(words || (this.words.tPhotoFailed ?? ""));
    }
  }

  /** In another tab: the photos are nowhere but here. */
  private askLogIn(): void {
    this.waitsForLogIn = true;
    const link = document.createElement("a");
    link.href = "/login?next=/me";
    link.target = "_blank";
    link.textContent = this.words.tLoginGo ?? "";
    this.complain(`${this.words.tPhotoLogin ?? ""} `, link);
  }

  private makeItem(): HTMLElement {
    const item = document.createElement("li");
    item.className = "photo-item sending";
    item.dataset.photo = "";
    const wait = document.createElement("span");
    wait.className = "photo-wait";
    wait.textContent = "…";
    const alt = document.createElement("input");
    alt.type = "text";
    alt.maxLength = 200;
    alt.placeholder = this.words.tAltShort ?? "";
    alt.setAttribute("aria-label", this.words.tAlt ?? "");
    const tools = document.createElement("div");
    tools.className = "photo-tools";
    const tool = (action: string, label: string | undefined, path: string) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tool";
      button.value = `photo-${action}-`;
      button.setAttribute("aria-label", label ?? "");
      const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      icon.setAttribute("class", "icon");
      icon.setAttribute("viewBox", "0 0 24 24");
      icon.setAttribute("aria-hidden", "true");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", path);
      icon.append(line);
      button.append(icon);
      return button;
    };
    tools.append(
      tool("up", this.words.tUp, "M14.5 5.5 8 12l6.500 6.500"),
      tool("down", this.words.tDown, "M9.500 5.500 16 12l-6.500 6.500"),
      tool("remove", this.words.tRemove, "m6 6 12 12M18 6 6 18"),
    );
    item.append(wait, alt, tools);
    return item;
  }

  private press(event: Event): void {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLButtonElement>("button.tool");
    const item = button?.closest<HTMLElement>("[data-photo]");
    if (!button || !item) return;
    event.preventDefault();
    if (button.value.startsWith("photo-remove-")) {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      this.removed(item.dataset.photo ?? "");
      this.reordered();
      (next?.querySelector<HTMLElement>("[value^=photo-remove-]") ?? this.input).focus();
    } else {
      const items = this.items();
      const step = button.value.startsWith("photo-up-") ? -1 : 1;
      this.list.append(...moved(items, items.indexOf(item), step));
      this.reordered();
      // At an end the button has nothing more to do, and its neighbour takes the focus.
      const other = step < 0 ? button.nextElementSibling : button.previousElementSibling;
      (button.disabled && other instanceof HTMLElement ? other : button).focus();
    }
  }

  private reordered(): void {
    const items = this.items();
    this.order.value = items
      .map((item) => item.dataset.photo)
      .filter(Boolean)
      .join(",");
    this.renumber();
    this.draft.changed();
  }

  private renumber(): void {
    const items = this.items();
    for (const [i, item] of items.entries()) {
      const [up, down, remove] = item.querySelectorAll<HTMLButtonElement>("button.tool");
      if (up) up.disabled = i === 0;
      if (down) down.disabled = i === items.length - 1;
      const photo = fill(this.words.tPhoto, { n: i + 1 });
      up?.setAttribute("aria-label", `${photo}: ${this.words.tUp}`);
      down?.setAttribute("aria-label", `${photo}: ${this.words.tDown}`);
      remove?.setAttribute("aria-label", `${photo}: ${this.words.tRemove}`);
      item.querySelector("img")?.setAttribute("alt", photo);
    }
  }

  private showPicture(id: string, url: string): void {
    const item = this.items().find((other) => other.dataset.photo === id);
    const wait = item?.querySelector(".photo-wait");
    if (!item || !wait) return;
    const image = document.createElement("img");
    image.src = url;
    image.alt = fill(this.words.tPhoto, { n: this.items().indexOf(item) + 1 });
    wait.replaceWith(image);
  }

  private showNote(id: string, text: string): void {
    const item = this.items().find((other) => other.dataset.photo === id);
    if (!item || item.querySelector(".photo-note")) return;
    const note = document.createElement("p");
    note.className = "photo-note";
    note.textContent = text;
    item.querySelector(".photo-tools")?.before(note);
    // Whatever is still there in place of a picture will not become one.
    item.querySelector(".photo-wait")?.replaceChildren();
  }

  private complain(text: string, link?: HTMLAnchorElement): void {
    const note = fieldError(this.form.querySelector("#photos-field"), text !== "");
    if (link && note?.contains(document.activeElement)) return;
    const line = document.createElement("span");
    line.append(text, link ?? "");
    note?.replaceChildren(...(text ? [line] : []));
  }
}
