// The video player: HLS where the browser has none of its own. hls.js is a chunk of its own, fetched only then, and
// only once playing begins to matter (the reader touches the video, or it comes near).
//
// Expects `<video data-hls="{master.m3u8}">` with the plain MP4 as last `<source>`, which stays the fallback.

import { followFilm } from "./player/transcript";

const hlsType = "application/vnd.apple.mpegurl";

async function attach(video: HTMLVideoElement, url: string): Promise<void> {
  const { default: Hls } = await import("hls.js/light");
  if (!Hls.isSupported()) return;
  const wasPlaying = !video.paused;
  const at = video.currentTime;
  const hls = new Hls({ capLevelToPlayerSize: true, startPosition: at, enableWorker: false });
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    // The plain MP4 is still there: go back to it rather than leave a dead player.
    const resume = video.currentTime;
    hls.destroy();
    video.load();
    video.currentTime = resume;
    if (wasPlaying) void video.play();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  if (wasPlaying) void video.play();
}

for (const video of document.querySelectorAll<HTMLVideoElement>("video[data-hls]")) {
  const url = video.dataset.hls;
  if (!url || video.canPlayType(hlsType) !== "") continue;
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    void attach(video, url);
  };
  video.addEventListener("pointerdown", begin, { once: true });
  video.addEventListener("play", begin, { once: true });
  video.addEventListener("focus", begin, { once: true });
}

const film = document.querySelector<HTMLVideoElement>("[data-player] video");
for (const list of document.querySelectorAll<HTMLElement>("[data-transcript]")) {
  if (film) followFilm(list, film);
}
