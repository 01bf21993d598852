// The review page: frames of the contact sheet seek the player; keys decide.
//
// A, C, R press approve, ask for changes, decline; 1 to 9 and 0 choose a reason; N goes to the next item. No key works
// while typing or together with Ctrl, Alt or Meta. The plain form works without any of it.

import { isComposing } from "./composing";

const video = document.querySelector<HTMLVideoElement>("[data-review-video] video");

for (const frame of document.querySelectorAll<HTMLButtonElement>("[data-seek]")) {
  frame.addEventListener("click", () => {
    if (!video) return;
    video.currentTime = Number(frame.dataset.seek);
    video.scrollIntoView({ block: "nearest" });
    void video.play();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && target.type !== "radio")
  );
}

// Enter on a reason chooses it and decides nothing.
document.querySelector("[data-decide]")?.addEventListener("keydown", (event) => {
  if (!(event instanceof KeyboardEvent) || event.key !== "Enter") return;
  if (event.target instanceof HTMLInputElement) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (isTyping(event.target) || isComposing(event)) return;
  const key = event.key.toLowerCase();
  if (key === "n") {
    document.querySelector<HTMLAnchorElement>("[data-next]")?.click();
    return;
  }
  if (!/^[acr0-9]$/.test(key)) return;
  const target = document.querySelector<HTMLElement>(`[data-decide] [data-key="${key}"]`);
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.click();
});
