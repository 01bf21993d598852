#!/usr/bin/env bash
# Chromium's MediaRecorder, MP4, and a picture that changes its size (a phone that is turned, a call that grows).
#
# Guess: as in WebM, the second size comes with parameter sets of its own, so whoever plays the file sees all of it. The codec string
#   makes no difference to that.
# Seen (Chromium 156.0.8078.114, libav of FFmpeg 5.1.9): with `codecs=avc1` the file has one `avcC`, of the first size, and no parameter set in
#   its samples: all that was filmed after the turn is there and nobody has the sets to decode it. With `codecs=avc3` the sets are in the
#   samples, and both sizes come out. Nothing is told to the page: no `error` event, and `isTypeSupported` is true for both.
#   So a page that records should ask for avc3 (or WebM), and a site cannot mend what avc1 has lost.
#
# Needs: chromium, ffprobe and ffmpeg (Debian's), node and npm. Exits other than 0 when any of this has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-save --ignore-scripts playwright-core@1.65.1 > /dev/null
chromium --version
ffprobe -version | head -n 1

cat > record.mjs <<'SCRIPT'
import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await (await browser.newContext()).newPage();
for (const codec of ["avc1", "avc3"]) {
  const recorded = await page.evaluate(async (type) => {
    const canvas = document.createElement("canvas");
    const drawing = canvas.getContext("2d");
    [canvas.width, canvas.height] = [640, 480];
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: type });
    const parts = [];
    let errors = 0;
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onerror = () => errors++;
    const stopped = new Promise((done) => (recorder.onstop = done));
    recorder.start();
    for (let frame = 0; frame < 100; frame++) {
      if (frame === 40) [canvas.width, canvas.height] = [480, 640];
      drawing.fillStyle = `hsl(${frame * 9} 50% 50%)`;
      drawing.fillRect(0, 0, canvas.width, canvas.height);
      await new Promise((done) => setTimeout(done, 30));
    }
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return { bytes: [...bytes], errors, isSupported: MediaRecorder.isTypeSupported(type) };
  }, `video/mp4;codecs=${codec}.42E01F`);
  console.log(`${codec}: supported ${recorded.isSupported}, ${recorded.errors} errors told`);
  writeFileSync(`${codec}.mp4`, Buffer.from(recorded.bytes));
}
await browser.close();
SCRIPT
node record.mjs

# Sizes of the frames that could be decoded.
sizes() {
  ffprobe -v quiet -select_streams v -show_entries frame=width,height -of csv=p=0 "$1" | sort -u | paste -s -d ' '
}
descriptions() {
  grep -a -o avcC "$1" | wc -l
}

failed=0
for codec in avc1 avc3; do
  errors=$(ffmpeg -v error -i "$codec.mp4" -f null - 2>&1 | grep -c 'error while decoding' || true)
  echo "$codec: $(descriptions "$codec.mp4") avcC, frames of $(sizes "$codec.mp4"), $errors errors while decoding"
  case $codec in
    avc1) [[ $(sizes avc1.mp4) == 640,480 && $errors -gt 0 ]] || failed=1 ;;
    avc3) [[ $(sizes avc3.mp4) == '480,640 640,480' && $errors == 0 ]] || failed=1 ;;
  esac
done
exit "$failed"
