/**
 * The words of a film beside it: their times become buttons that play from there, and the words being said now are marked.
 *
 * Expects `[data-transcript]` with `data-play` ("… {time} …") around elements with `data-cue` (ms), in order.
 */
export function followFilm(list: HTMLElement, video: HTMLVideoElement): void {
  const rows = new Map<number, Element>();
  for (const time of list.querySelectorAll<HTMLElement>("[data-cue]")) {
    const ms = Number(time.dataset.cue);
    const button = document.createElement("button");
    button.type = "button";
    button.className = time.className;
    button.textContent = time.textContent;
    const label = (list.dataset.play ?? "").replace("{time}", time.textContent ?? "");
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => {
      video.currentTime = ms / 1000;
      void video.play();
    });
    if (time.parentElement) rows.set(ms, time.parentElement);
    time.replaceWith(button);
  }
  const follow = (track: TextTrack) => {
    track.addEventListener("cuechange", () => {
      const cue = track.activeCues?.[0];
      const now = cue && Math.round(cue.startTime * 1000);
      for (const [ms, row] of rows) row.classList.toggle("now", ms === now);
    });
  };
  for (const track of video.textTracks) follow(track);
  // Those of a playlist come when the film does.
  video.textTracks.addEventListener("addtrack", ({ track }) => {
    if (track) follow(track);
  });
}
