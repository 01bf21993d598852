// Writing captions: the player's time goes into the text at one tap, a mistake leads to its line, and the chosen file is named.
// The form works without any of it.

import { clock, lineRange, withTime } from "./captions/typed";

/** The eye needs a moment before the hand taps; who wants it later plays on. */
const backSeconds = 3;

const text = document.querySelector<HTMLTextAreaElement>("[data-captions] textarea");
const video = document.querySelector<HTMLVideoElement>("[data-player] video");
const tools = document.querySelector<HTMLElement>("[data-captions-tools]");

if (text && video && tools) {
  tools.hidden = false;
  // The focus stays where it is: a phone's keyboard would go and come again.
  tools.addEventListener("mousedown", (event) => event.preventDefault());
  tools.querySelector("[data-now]")?.addEventListener("click", () => {
    const { from, to, insert, caret } = withTime(
      text.value,
      text.selectionStart,
      clock(video.currentTime),
    );
    text.setRangeText(insert, from, to);
    text.focus();
    text.setSelectionRange(caret, caret);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  tools.querySelector("[data-back]")?.addEventListener("click", () => {
    video.currentTime = Math.max(0, video.currentTime - backSeconds);
  });
}

for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-line]")) {
  link.addEventListener("click", (event) => {
    if (!text) return;
    event.preventDefault();
    text.focus();
    text.setSelectionRange(...lineRange(text.value, Number(link.dataset.line)));
  });
}

const file = document.querySelector<HTMLInputElement>("[data-captions] input[type=file]");
file?.addEventListener("change", () => {
  const name = document.querySelector<HTMLElement>("[data-file-name]");
  if (!name) return;
  name.textContent = file.files?.[0]?.name ?? "";
  name.hidden = name.textContent === "";
});
