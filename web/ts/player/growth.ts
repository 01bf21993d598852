// The notice below a film that is still being made: how much of it can be watched, and that all of it can be once that is so.

/** As everywhere on the site: `0:08`. */
export function clockLength(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export class Growth {
  private ready: string;

  /** @param notice has `data-ready`, the length as it stands in its words, and a template for when the film is whole */
  constructor(private readonly notice: HTMLElement) {
    this.ready = notice.dataset.ready ?? "";
  }

  show(seconds: number, isWhole: boolean): void {
    const whole = this.notice.querySelector("template");
    if (isWhole && whole) {
      this.notice.replaceChildren(whole.content.cloneNode(true));
      return;
    }
    const next = clockLength(seconds);
    const words = document.createTreeWalker(this.notice, NodeFilter.SHOW_TEXT);
    for (let text = words.nextNode(); text && next !== this.ready; text = words.nextNode()) {
      if (!text.nodeValue?.includes(this.ready)) continue;
      text.nodeValue = text.nodeValue.replace(this.ready, next);
      this.ready = next;
    }
  }
}
