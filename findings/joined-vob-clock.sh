#!/usr/bin/env bash
# A DVD's VOBs joined end to end: libavformat hands the jumping clock on as it is, and so no two readers agree on the length.
#
# Guess: `cat v.vob v.vob v.vob` of 5 s each is 15 s, to ffprobe and to ffmpeg: both formats are marked AVFMT_TS_DISCONT, and the same
#   with .ts comes out of ffmpeg as 15 s.
# Seen (FFmpeg 5.1): ffprobe says 5 s of either, the last timestamp less the first. Packets keep the stamps of their part. The
#   program ffmpeg, not the library, mends jumps: MPEG-TS becomes 15 s, the VOB 25 s. Whoever uses the library has to do it.
set -euo pipefail

command -v ffmpeg >/dev/null || { echo "needs ffmpeg" >&2; exit 2; }
ffmpeg -version | head -n 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

run() { ffmpeg -v error -nostdin -y "$@"; }
film=(-f lavfi -i color=black:s=160x120:r=25:d=5 -f lavfi -i sine=r=48000:d=5 -pix_fmt yuv420p)
run "${film[@]}" -c:v libx264 -c:a aac one.ts
run "${film[@]}" -c:v mpeg2video -c:a ac3 one.vob

failed=0
# check WHAT GOT LEAST MOST
check() {
  echo "$1: $2 s"
  awk -v got="$2" -v least="$3" -v most="$4" 'BEGIN { exit !(got >= least && got <= most) }' || {
    echo "  was between $3 and $4" >&2
    failed=1
  }
}
seconds() { ffprobe -v error -show_entries format=duration -of csv=p=0 "$1"; }
for kind in ts vob; do
  cat one.$kind one.$kind one.$kind >three.$kind
  run -i three.$kind -c:v libx264 -preset ultrafast -c:a aac $kind.mp4
  check "ffprobe three.$kind" "$(seconds three.$kind)" 4.5 5.5
done
check "ffmpeg -i three.ts" "$(seconds ts.mp4)" 14.5 15.5
check "ffmpeg -i three.vob" "$(seconds vob.mp4)" 24 26
exit "$failed"
