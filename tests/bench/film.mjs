// The ladder: our transcoder against one ffmpeg command that decodes once and makes the same renditions.

import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { binaries, megabytes, rounds, run, say, scratch } from "./processes.mjs";

export async function measureFilm() {
  const film = process.env.MEGURUMI_BENCH_FILM ?? (await drawFilm());
  const ours = { folder: join(scratch, "ours"), runs: [] };
  const peer = { folder: join(scratch, "peer"), runs: [] };
  for (let round = 1; round <= rounds; round++) {
    emptyFolder(ours.folder);
    const task = { task: "video", output: ours.folder, limits: {} };
    const made = await run(join(binaries, "megurumi-transcoder"), [JSON.stringify(task)], { file: film });
    ours.runs.push(made);
    const output = outputOf(made.output);
    emptyFolder(peer.folder);
    peer.runs.push(await run("ffmpeg", peerArguments(film, output, peer.folder)));
    if (round === 1) {
      say(`ladder: ${output.renditions.map(({ width, height }) => `${width}×${height}`).join(", ")}`);
      say(`film bytes: ours ${megabytes(filmBytes(ours.folder))}, peer ${megabytes(filmBytes(peer.folder))}`);
    }
    say(`film, round ${round}: ours ${made.seconds} s, peer ${peer.runs.at(-1).seconds} s`);
  }
  const seconds = [ours, peer].map(({ runs }) => Math.min(...runs.map((made) => made.seconds)));
  const memory = [ours, peer].map(({ runs }) => Math.max(...runs.map((made) => made.memory)));
  return [
    ["film: wall", ...seconds.map((s) => `${s.toFixed(1)} s`), (seconds[0] / seconds[1]).toFixed(2), "-"],
    ["film: peak memory", ...memory.map(megabytes), (memory[0] / memory[1]).toFixed(2), "-"],
  ];
}

async function drawFilm() {
  say("drawing a film of 10 s");
  const film = join(scratch, "film.mp4");
  // Structure, motion and some grain, so that neither motion search nor rate control has it easy.
  await run("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=10,noise=alls=12:allf=t"],
    ...["-f", "lavfi", "-i", "sine=frequency=440:duration=10"],
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac", film],
  ]);
  return film;
}

/** What the transcoder says it made; a refusal is an error. */
function outputOf(lines) {
  const last = JSON.parse(lines.trim().split("\n").pop());
  if (last.event !== "done") throw new Error(`the transcoder refused the film: ${JSON.stringify(last)}`);
  return last;
}

/** One decode, one scaler chain from the largest rendition down, and for each an encoder with our settings. */
function peerArguments(film, { renditions, has_audio }, folder) {
  const descending = [...renditions].reverse();
  const chain = descending.map(({ width, height }, i) => {
    const from = i === 0 ? "0:v" : `next${i - 1}`;
    const to = i === descending.length - 1 ? `[v${i}]` : `,split[v${i}][next${i}]`;
    return `[${from}]scale=${width}:${height}:flags=bicubic,format=yuv420p${to}`;
  });
  const outputs = descending.flatMap(({ width, height, frame_rate }, i) => {
    const cap = maxBits(width * height, frame_rate);
    const keyframes = Math.round(4 * frame_rate);
    return [
      ...["-map", `[v${i}]`, "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-r", `${frame_rate}`],
      ...["-maxrate", `${cap}`, "-bufsize", `${2 * cap}`, "-g", `${keyframes}`, "-sc_threshold", "0"],
      ...(has_audio ? ["-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-ac", "2"] : []),
      ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof", join(folder, `${height}.mp4`)],
    ];
  });
  return ["-v", "error", "-y", "-i", film, "-filter_complex", chain.join(";"), ...outputs];
}

/** The transcoder's cap (transcoder/src/video/plan.rs). */
function maxBits(pixels, frameRate) {
  return Math.floor(4_500_000 * (pixels / (1920 * 1080)) ** 0.73 * (frameRate > 31 ? 1.5 : 1));
}

function emptyFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}

function filmBytes(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".mp4"))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
