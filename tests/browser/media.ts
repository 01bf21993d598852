// Photos and a film as a phone would hand them over, made on the spot with the ffmpeg CLI.

import { execFileSync } from "node:child_process";

function ffmpeg(...args: string[]) {
  execFileSync("ffmpeg", ["-v", "error", "-y", ...args]);
}

/** Width and height of the upright film, in pixels. */
export const portrait = { width: 360, height: 640, seconds: 6 };

/**
 * A film held upright: orange above, blue below. Like a phone's, it is stored lying on its side, and a display matrix says
 * how to turn it. Grain makes it about 7 MB, so that its upload takes several requests.
 */
export function makePortraitFilm(path: string) {
  const { width, height, seconds } = portrait;
  const half = `s=${width}x${height / 2}:r=30:d=${seconds}`;
  const lying = `${path}.lying.mp4`;
  ffmpeg(
    ...["-f", "lavfi", "-i", `color=0xff7700:${half}`],
    ...["-f", "lavfi", "-i", `color=0x2244cc:${half}`],
    ...["-f", "lavfi", "-i", `sine=frequency=330:duration=${seconds}`],
    ...[
      "-filter_complex",
      "[0][1]vstack,noise=alls=60:allf=t,transpose=clock[film]",
      "-map",
      "[film]",
      "-map",
      "2",
    ],
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
      "-b:v",
      "9M",
      "-pix_fmt",
      "yuv420p",
      "-c:a",
      "aac",
      "-shortest",
    ],
    lying,
  );
  ffmpeg("-i", lying, "-c", "copy", "-metadata:s:v:0", "rotate=90", "-movflags", "+faststart", path);
}

/** A film of which there are two sizes, with enough going on in it that its bytes are worth counting. */
export function makeLongFilm(path: string, seconds: number) {
  ffmpeg(
    ...["-f", "lavfi", "-i", `testsrc2=s=640x360:r=15:d=${seconds},noise=alls=12:allf=t`],
    ...["-f", "lavfi", "-i", `sine=frequency=330:duration=${seconds}`],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path],
  );
}

/** A phone's slow motion: two seconds at 120 frames a second. */
export function makeSlowMotion(path: string) {
  ffmpeg(
    ...["-f", "lavfi", "-i", "testsrc2=s=360x640:r=120:d=2", "-f", "lavfi", "-i", "sine=d=2"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path],
  );
}

export function makePhoto(path: string, colour: string) {
  ffmpeg("-f", "lavfi", "-i", `color=${colour}:s=1200x900,noise=alls=20`, "-frames:v", "1", path);
}
