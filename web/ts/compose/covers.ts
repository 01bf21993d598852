/** What is seen first of a post with a film: one of its moments or of the post's photos. The server says which there are. */

export interface CoverAnswer {
  /** `film:{id}:{ms}` or `photo:{id}`. */
  value: string;
  url: string;
  label: string;
  chosen: boolean;
}

/** Of what the server offers, what can be seen first: a photo that was just taken off the post can't. Nothing where there is no choice. */
export function choices(covers: readonly CoverAnswer[], photos: readonly string[]): CoverAnswer[] {
  const kept = covers.filter(
    ({ value }) => !value.startsWith("photo:") || photos.includes(value.slice("photo:".length)),
  );
  return kept.length > 1 ? kept : [];
}

/** Which one to mark: what was chosen on this page, else what the server has, else the best, which comes first. */
export function marked(covers: readonly CoverAnswer[], here?: string): string | undefined {
  const one = covers.find(({ value }) => value === here) ?? covers.find(({ chosen }) => chosen);
  return (one ?? covers[0])?.value;
}

export class CoverChoice {
  constructor(private readonly form: HTMLFormElement) {}

  /** Draws what the server offers, where that has changed; the choice and the focus stay. */
  take(covers: readonly CoverAnswer[]): void {
    const order = this.form.querySelector<HTMLInputElement>("input[name=photos_order]");
    const offered = choices(covers, order?.value.split(",") ?? []);
    const now = this.inputs().map((input) => input.value);
    if (offered.map(({ value }) => value).join() === now.join()) return;
    const old = this.group();
    const had = old?.contains(document.activeElement) ?? false;
    const value = marked(offered, this.inputs().find((input) => input.checked)?.value);
    old?.remove();
    if (offered.length === 0) return;
    const group = this.draw(offered, value);
    this.form.querySelector("[data-video-card]")?.append(group);
    if (had) group.querySelector<HTMLElement>(":checked")?.focus();
  }

  /** A photo was taken off the post. */
  drop(photo: string): void {
    const input = this.inputs().find(({ value }) => value === `photo:${photo}`);
    if (!input) return;
    input.closest("label")?.remove();
    const rest = this.inputs();
    if (rest.length < 2) this.group()?.remove();
    else if (input.checked && rest[0]) rest[0].checked = true;
  }

  private draw(covers: readonly CoverAnswer[], value: string | undefined): HTMLElement {
    const group = document.createElement("fieldset");
    group.className = "covers";
    group.dataset.covers = "";
    const legend = document.createElement("legend");
    legend.textContent = this.form.dataset.tCover ?? "";
    const options = document.createElement("div");
    options.className = "cover-options";
    for (const cover of covers) {
      const label = document.createElement("label");
      label.className = "cover-option";
      const input = document.createElement("input");
      input.type = "radio";
      input.name = "cover";
      input.value = cover.value;
      input.checked = cover.value === value;
      const image = document.createElement("img");
      image.src = cover.url;
      image.alt = cover.label;
      label.append(input, image);
      options.append(label);
    }
    group.append(legend, options);
    return group;
  }

  private group(): HTMLElement | null {
    return this.form.querySelector<HTMLElement>("[data-covers]");
  }

  private inputs(): HTMLInputElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>("input[name=cover]")];
  }
}
