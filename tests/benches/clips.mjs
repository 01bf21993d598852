// The clips that the transcoder is measured with, drawn on the spot: structure, motion and grain, so that neither motion search
// nor rate control has it easy.

import { join } from "node:path";
import { run, say, scratch } from "./processes.mjs";

/** Part of the full length that clips are drawn with. */
const share = Number(process.env.MEGURUMI_BENCH_SHARE ?? 1);

// As phones' encoders write: CABAC and the loop filter, which make it dear to decode, no B-frames, a keyframe each second.
const phone = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "30", "-b:v", "17M", "-maxrate", "20M", "-bufsize", "20M"];
const camera = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-b:v", "40M", "-tag:v", "hvc1"];
const messenger = ["-c:v", "libx264", "-preset", "fast", "-b:v", "2200k", "-maxrate", "2600k", "-bufsize", "2600k", "-g", "30"];
const feature = ["-c:v", "mpeg4", "-b:v", "2500k", "-g", "24"];

/** `copies` is whether the source can serve as the highest rung. */
const kinds = {
  phone: { title: "1080p30 phone, 60 s", size: "1920x1080", rate: 30, seconds: 60, grain: 8, codec: phone, file: "phone.mp4" },
  "4k": { title: "4K60 HEVC, 20 s", size: "3840x2160", rate: 60, seconds: 20, grain: 6, codec: camera, file: "4k.mp4" },
  fit: { title: "720p that fits, 60 s", size: "1280x720", rate: 30, seconds: 60, grain: 3, codec: messenger, file: "fit.mp4", copies: true },
  "3gp": { title: "480p 3GP, 60 s", size: "640x480", rate: 24, seconds: 60, grain: 6, codec: feature, file: "small.3gp" },
};

/** Those of MEGURUMI_BENCH_CLIPS (names with commas between), or all; or the one of MEGURUMI_BENCH_FILM. */
export async function clips() {
  const own = process.env.MEGURUMI_BENCH_FILM;
  if (own) return [{ title: "own film", path: own }];
  const names = process.env.MEGURUMI_BENCH_CLIPS?.split(",") ?? Object.keys(kinds);
  const drawn = [];
  for (const name of names) drawn.push(await draw(kinds[name]));
  return drawn;
}

async function draw({ title, size, rate, seconds, grain, codec, file, copies = false }) {
  const length = Math.max(1, seconds * share);
  const path = join(scratch, file);
  say(`drawing ${title} (${length} s)`);
  const picture =
    `testsrc2=s=${size}:r=${rate}:d=${length}[sharp];gradients=s=${size}:r=${rate}:d=${length}:speed=0.02:nb_colors=5:seed=7[soft];` +
    `[sharp][soft]blend=all_mode=average,noise=alls=${grain}:allf=t:all_seed=7,format=yuv420p[out]`;
  await run("ffmpeg", [
    ...["-v", "error", "-y", "-filter_complex", picture, "-f", "lavfi", "-i", `sine=frequency=440:duration=${length}`],
    ...["-map", "[out]", "-map", "0:a", ...codec, "-c:a", "aac", "-ac", "2", "-t", `${length}`, path],
  ]);
  return { title, path, copies };
}
