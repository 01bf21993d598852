// Captions come twice where the browser plays HLS itself: as the page's `<track>`, and in the playlist, for what plays it outside of the
// page. Once the playlist's are there, the page's go.

export function oneOfEachTrack(video: HTMLVideoElement): void {
  video.textTracks.addEventListener("addtrack", ({ track }) => {
    const own = [...video.querySelectorAll("track")];
    const isOurs = own.some((element) => element.track === track);
    if (!track || isOurs || (track.kind !== "captions" && track.kind !== "subtitles")) return;
    const shown = own.find((element) => element.track.language === track.language);
    if (!shown) return;
    track.mode = shown.track.mode;
    shown.remove();
  });
}
