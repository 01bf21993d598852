// The transcoder beside two ways to make the same ladder with ffmpeg: (a) one hand-tuned command that decodes once, and (b) one
// run for each rung, as PeerTube does. Runs take turns; of each number the median is shown. With MEGURUMI_BENCH_BEFORE, a transcoder
// that was built before a change, it is measured beside that one instead.

import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { clips } from "./clips.mjs";
import { binaries, megabytes, rounds, run, say, scratch } from "./processes.mjs";

const threads = process.env.MEGURUMI_BENCH_THREADS;
const before = process.env.MEGURUMI_BENCH_BEFORE;
const transcoder = join(binaries, "megurumi-transcoder");

export async function measureTranscode() {
  const rows = [];
  const compare = before ? measureChange : measure;
  for (const clip of await clips()) rows.push(...(await compare(clip)));
  return rows;
}

async function measure({ title, path, copies = false }) {
  const folders = ["ours", "one", "each"].map((name) => join(scratch, name));
  const runs = { ours: [], one: [], each: [] };
  let output;
  for (let round = 1; round <= rounds; round++) {
    const [ours, one, each] = folders;
    folders.forEach(emptyFolder);
    const made = await transcode(path, ours);
    output = made.output;
    runs.ours.push(made);
    runs.one.push(await run("ffmpeg", ladder(path, output, one)));
    const separate = [];
    for (const rendition of output.renditions) {
      separate.push(await run("ffmpeg", ladder(path, { ...output, renditions: [rendition] }, each)));
    }
    runs.each.push(together(separate));
    if (round === 1) {
      say(`${title}: ${output.renditions.map(({ width, height }) => `${width}×${height}`).join(", ")}`);
      say(`highest rung: ${made.outline.why_encoded ? `encoded, because of its ${made.outline.why_encoded}` : "copied"}`);
      if (copies === Boolean(made.outline.why_encoded)) throw new Error(`${title}: copied or not, it should be the other`);
    }
    const seconds = Object.values(runs).map((of) => of.at(-1).seconds.toFixed(1));
    say(`${title}, round ${round}: ours ${seconds[0]} s, one command ${seconds[1]} s, one for each ${seconds[2]} s`);
  }
  const of = (kind, what) => median(runs[kind].map((made) => made[what]));
  const against = (what, kind, target, show = seconds) =>
    row(`${title}: ${what === "seconds" ? "wall" : what}, ${kind === "one" ? "(a)" : "(b)"}`, of("ours", what), of(kind, what), target, show);
  const bytes = folders.slice(0, 2).map(filmBytes);
  const quality = [];
  for (const folder of folders.slice(0, 2)) quality.push(await likeness(path, output, folder));
  return [
    against("seconds", "one", copies ? "≤ 0.55" : "≤ 0.92"),
    against("seconds", "each", copies ? "-" : "≤ 0.62"),
    against("cpu", "one", "-"),
    row(`${title}: first playable`, of("ours", "playable"), of("one", "seconds"), "≤ 0.25", seconds),
    against("memory", "one", "≤ 0.80", megabytes),
    row(`${title}: bytes`, ...bytes, "≤ 1.00", megabytes),
    difference(`${title}: SSIM, mean of rungs`, ...quality.map(({ ssim }) => ssim), "≥ -0.002", 4),
    difference(`${title}: PSNR, mean of rungs`, ...quality.map(({ psnr }) => psnr), "-", 2),
  ];
}

async function measureChange({ title, path }) {
  const folder = join(scratch, "ours");
  const runs = { now: [], before: [] };
  const programs = { now: transcoder, before };
  for (let round = 1; round <= rounds; round++) {
    // Who goes first changes, so that a machine that warms up favours neither.
    const order = round % 2 === 1 ? ["before", "now"] : ["now", "before"];
    for (const which of order) {
      emptyFolder(folder);
      runs[which].push(await transcode(path, folder, programs[which]));
    }
    say(`${title}, round ${round}: now ${runs.now.at(-1).seconds.toFixed(2)} s, before ${runs.before.at(-1).seconds.toFixed(2)} s`);
  }
  const of = (kind, what) => median(runs[kind].map((made) => made[what]));
  const change = (what, show) => row(`${title}: ${what}, before`, of("now", what), of("before", what), "≤ 1.02", show);
  return [change("seconds", seconds), change("cpu", seconds), change("playable", seconds), change("memory", megabytes)];
}

/** Runs the real child; `playable` is when the first segment of every rung was told of. */
async function transcode(input, folder, program = transcoder) {
  // As eager as the others.
  const limits = { niceness: 0, ...(threads ? { threads: Number(threads) } : {}) };
  const task = { task: "video", output: folder, limits };
  const began = performance.now();
  const first = new Map();
  let outline;
  const onLine = (line) => {
    const event = JSON.parse(line);
    if (event.event === "outline") outline = event;
    if (event.event === "segment" && !first.has(event.file)) first.set(event.file, (performance.now() - began) / 1000);
  };
  const made = await run(program, [JSON.stringify(task)], { file: input, onLine });
  const output = JSON.parse(made.output.trim().split("\n").pop());
  if (output.event !== "done") throw new Error(`the transcoder refused ${input}: ${JSON.stringify(output)}`);
  return { ...made, output, outline, playable: Math.max(...first.values()) };
}

/** One decode, each rung scaled from the source, our settings; the sound encoded once for each file, as ffmpeg needs. */
function ladder(film, { renditions, has_audio }, folder) {
  const split = `[0:v]split=${renditions.length}${renditions.map((_, i) => `[s${i}]`).join("")}`;
  const scale = renditions.map(({ width, height }, i) => `[s${i}]scale=${width}:${height}:flags=bicubic,format=yuv420p[v${i}]`);
  const outputs = renditions.flatMap(({ width, height, frame_rate }, i) => {
    const cap = maxBits(width * height, frame_rate);
    return [
      ...["-map", `[v${i}]`, "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-r", `${frame_rate}`],
      ...["-maxrate", `${cap}`, "-bufsize", `${2 * cap}`, "-g", `${Math.round(4 * frame_rate)}`],
      ...["-force_key_frames", "expr:gte(t,n_forced*4)", "-forced-idr", "1"],
      ...(has_audio ? ["-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"] : []),
      ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof", join(folder, `${Math.min(width, height)}p.mp4`)],
    ];
  });
  return ["-v", "error", "-nostdin", "-y", "-i", film, "-filter_complex", [split, ...scale].join(";"), ...outputs];
}

/** The transcoder's cap (transcoder/src/video/plan.rs). */
function maxBits(pixels, frameRate) {
  return Math.floor(4_500_000 * (pixels / (1920 * 1080)) ** 0.73 * (frameRate > 31 ? 1.5 : 1));
}

/** How like the source, brought to the same size, the rungs are: means over all frames and rungs. */
async function likeness(film, { renditions }, folder) {
  const found = { ssim: [], psnr: [] };
  const source = (await matrixOf(film)) ?? "bt601";
  for (const { file, width, height, frame_rate } of renditions) {
    // We tag what we make, and make BT.709 of what is not; ffmpeg passes on what it got. The source is compared in the rung's colours.
    const made = (await matrixOf(join(folder, file))) ?? source;
    const colours = made === source ? "" : `:in_color_matrix=${source}:out_color_matrix=${made}`;
    // Counted from each one's first frame: ffmpeg's files begin where their encoder's delay ends.
    const graph =
      `[1:v]setpts=PTS-STARTPTS,fps=${frame_rate},scale=${width}:${height}:flags=lanczos+accurate_rnd${colours},format=yuv420p,settb=AVTB,split[r1][r2];` +
      "[0:v]setpts=PTS-STARTPTS,settb=AVTB,split[d1][d2];[d1][r1]ssim[s];[d2][r2]psnr[p]";
    const outputs = ["-map", "[s]", "-f", "null", "-", "-map", "[p]", "-f", "null", "-"];
    const { log } = await run("ffmpeg", [
      ...["-v", "info", "-nostats", "-hide_banner", "-nostdin", "-i", join(folder, file), "-i", film, "-lavfi", graph, ...outputs],
    ]);
    found.ssim.push(Number(log.match(/SSIM .*All:([\d.]+)/)[1]));
    found.psnr.push(Number(log.match(/PSNR .*average:([\d.]+|inf)/)[1].replace("inf", "100")));
  }
  return { ssim: mean(found.ssim), psnr: mean(found.psnr) };
}

/** The name of a film's colour matrix; none where it doesn't say: of a small picture it is then BT.601, of a large one BT.709. */
async function matrixOf(film) {
  const asked = ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=color_space,height", "-of", "json", film];
  const { color_space: name, height } = JSON.parse((await run("ffprobe", asked)).output).streams[0];
  if (name && name !== "unknown") return { bt470bg: "bt601", bt2020nc: "bt2020" }[name] ?? name;
  return height >= 720 ? "bt709" : undefined;
}

/** Runs one after another, as one. */
function together(runs) {
  const sum = (what) => runs.reduce((total, made) => total + made[what], 0);
  return { seconds: sum("seconds"), cpu: sum("cpu"), memory: Math.max(...runs.map(({ memory }) => memory)) };
}

function row(what, ours, peer, target, show) {
  return [what, show(ours), show(peer), (ours / peer).toFixed(2), target];
}

function difference(what, ours, peer, target, digits) {
  return [what, ours.toFixed(digits), peer.toFixed(digits), (ours - peer).toFixed(digits), target];
}

function seconds(value) {
  return `${value.toFixed(1)} s`;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function emptyFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}

function filmBytes(folder) {
  const films = readdirSync(folder).filter((name) => name.endsWith(".mp4"));
  return films.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
