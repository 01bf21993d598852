// The film of a page: played in the best way that this browser has (`player/ways.ts`), with the next one ready.
//
// Expects `<video preload="none" data-hls="{playlist}">` with the plain MP4 as `<source type="video/mp4">` where there is one, and
// beside it `[data-player-says]`, a live region with the words as templates. Without scripts the browser plays the sources.
//
// A film that is still being made has `[data-growing]` beside it, with `data-ready` as it stands in its words, and a template
// for when all of it is there.

import { Growth } from "./player/growth";
import { Playback } from "./player/playback";
import { Says } from "./player/says";
import { oneOfEachTrack } from "./player/tracks";
import { followFilm } from "./player/transcript";
import { waysFor } from "./player/ways";

const hlsType = "application/vnd.apple.mpegurl";
/** What every rendition is: H.264 with AAC. */
const filmType = 'video/mp4; codecs="avc1.640028,mp4a.40.2"';

for (const video of document.querySelectorAll<HTMLVideoElement>("video[data-hls]")) {
  const player = video.closest<HTMLElement>("[data-player]");
  const place = player?.querySelector<HTMLElement>("[data-player-says]");
  const hls = video.dataset.hls;
  if (!hls || !place) continue;
  const file = video.querySelector<HTMLSourceElement>("source[type='video/mp4']")?.src;
  const notice = player?.parentElement?.querySelector<HTMLElement>("[data-growing]");
  const growth = notice ? new Growth(notice) : undefined;
  const ways = waysFor(
    {
      mediaSource: "MediaSource" in window && MediaSource.isTypeSupported(filmType),
      managedMediaSource: "ManagedMediaSource" in window,
      nativeHls: video.canPlayType(hlsType) !== "",
    },
    { hasFile: file !== undefined },
  );
  oneOfEachTrack(video);
  const onRead = (seconds: number, isWhole: boolean) => growth?.show(seconds, isWhole);
  new Playback(video, { hls, file, onRead }, ways, new Says(place));
}

const film = document.querySelector<HTMLVideoElement>("[data-player] video");
for (const list of document.querySelectorAll<HTMLElement>("[data-transcript]")) {
  if (film) followFilm(list, film);
}
