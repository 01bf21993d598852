/** The draft on the server: made when first needed, saved shortly after each change, one save at a time. */

import { told } from "./told";

const quietMs = 1200;
const retryMs = 5000;

interface Made {
  id: string;
  version: number;
  edit_url: string;
}

interface Saved {
  saved_at: number;
  version: number;
}

/** The server answered, and not with what was asked for. Its words are the message, perhaps none. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    words: string,
    /** Seconds. */
    readonly retryAfter?: number,
  ) {
    super(words);
  }
}

export function fill(
  template: string | undefined,
  values: Record<string, string | number>,
): string {
  return (template ?? "").replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

export class Draft {
  private timer = 0;
  private saving: Promise<void> | null = null;
  private making: Promise<string> | null = null;
  private dirty = false;
  private stopped = false;
  private readonly note: HTMLElement | null;

  constructor(readonly form: HTMLFormElement) {
    this.note = form.querySelector("[data-saved]");
    form.addEventListener("input", (event) => {
      if (event.target instanceof HTMLInputElement && event.target.type === "file") return;
      this.changed();
    });
    addEventListener("online", () => {
      if (this.dirty) void this.save();
    });
    // The tab may be closed from here without another event.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.dirty) void this.save();
    });
  }

  get id(): string | undefined {
    return this.form.dataset.id;
  }

  get isBusy(): boolean {
    return this.saving !== null || this.making !== null;
  }

  /** Everything typed is on the server. */
  get isSaved(): boolean {
    return this.id !== undefined && !this.dirty && !this.isBusy;
  }

  /** No more saves: the form itself is being sent. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  changed(): void {
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), quietMs);
  }

  async settled(): Promise<void> {
    await this.making?.catch(() => undefined);
    await this.saving;
  }

  /** The draft's id, making the draft if there is none yet. */
  ensure(): Promise<string> {
    if (this.id) return Promise.resolve(this.id);
    this.making ??= this.make().finally(() => {
      this.making = null;
    });
    return this.making;
  }

  say(text: string): void {
    if (this.note && this.note.textContent !== text) this.note.textContent = text;
  }

  private fields(): URLSearchParams {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) {
      if (typeof value === "string") fields.append(name, value);
    }
    return fields;
  }

  private async make(): Promise<string> {
    // Not `form.action`: that is the buttons called `action`.
    const response = await fetch(this.form.getAttribute("action") ?? "", {
      method: "POST",
      headers: { accept: "application/json" },
      body: this.fields(),
    });
    if (!response.ok) throw new Refused(response.status, told(await response.text()));
    const made = (await response.json()) as Made;
    this.form.dataset.id = made.id;
    this.form.setAttribute("action", made.edit_url);
    this.takeVersion(made.version);
    // A reload now opens the draft rather than an empty form.
    history.replaceState(null, "", made.edit_url);
    return made.id;
  }

  private async save(): Promise<void> {
    if (this.stopped) return;
    if (this.saving) {
      await this.saving;
      if (!this.dirty || this.stopped) return;
    }
    this.saving = this.saveNow().finally(() => {
      this.saving = null;
    });
    await this.saving;
  }

  private async saveNow(): Promise<void> {
    const words = this.form.dataset;
    this.dirty = false;
    clearTimeout(this.timer);
    try {
      const id = await this.ensure();
      const body = this.fields();
      const response = await fetch(`/posts/${id}/draft`, {
        method: "PUT",
        headers: { accept: "application/json" },
        body,
        // A closing tab lets it through; browsers refuse that for more than 64 KB.
        keepalive: body.toString().length < 60_000,
      });
      if (response.status === 409) {
        this.stop();
        this.say(words.tConflict ?? "");
        return;
      }
      if (response.status === 401 || response.status === 403) {
        this.later(words.tLogin ?? "");
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      const saved = (await response.json()) as Saved;
      this.takeVersion(saved.version);
      const time = new Intl.DateTimeFormat("ja", { hour: "2-digit", minute: "2-digit" });
      this.say(fill(words.tSaved, { time: time.format(saved.saved_at) }));
    } catch {
      this.later(words.tOffline ?? "");
    }
  }

  /** Nothing is lost yet: say why it waits and try again. */
  private later(text: string): void {
    this.dirty = true;
    this.say(text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), retryMs);
  }

  private takeVersion(version: number): void {
    const field = this.form.elements.namedItem("version");
    if (field instanceof HTMLInputElement) field.value = String(version);
  }
}
