#!/usr/bin/env bash
# aresample's async at equal rates: the first correction begins the clock anew and fills all that has passed with silence.
#
# Guess: `aresample=48000:async=1000:first_pts=0` pads or cuts the first sample to time zero and then follows the timestamps, whatever
#   the rates are: 60 s stamped 0.05 % long come out as 60.03 s.
# Seen (FFmpeg 5.1, libswresample 4.7): from 44.1 kHz they do. From 48 kHz they become 80 s, with 20 s of silence where the first
#   correction of 10 ms came. At equal rates there is no resampler until then; making it (swr_set_compensation → swr_init)
#   sets the next timestamp back to first_pts, so all that was played already counts as missing. Without first_pts, or with flags=res,
#   which has the resampler from the start, the length is right.
set -euo pipefail

command -v ffmpeg >/dev/null || { echo "needs ffmpeg" >&2; exit 2; }
ffmpeg -version | head -n 1
ffmpeg -version | grep libswresample

# seconds RATE OPTIONS: how long 60 s at this rate come out whose clock runs 0.05 % slow.
seconds() {
  ffmpeg -v fatal -nostdin -f lavfi -i "sine=d=60:r=$1" \
    -af "asetpts=PTS*1.0005,aresample=48000:async=1000:min_comp=0.01$2" -c:a pcm_s16le -ac 1 -f s16le - |
    wc -c | awk '{ printf "%.2f", $1 / 2 / 48000 }'
}

failed=0
# check WHAT GOT LEAST MOST
check() {
  echo "$1: $2 s"
  awk -v got="$2" -v least="$3" -v most="$4" 'BEGIN { exit !(got >= least && got <= most) }' || {
    echo "  was between $3 and $4" >&2
    failed=1
  }
}
check "44.1 kHz, first_pts=0" "$(seconds 44100 :first_pts=0)" 59.9 60.1
check "48 kHz, first_pts=0" "$(seconds 48000 :first_pts=0)" 79 81
check "48 kHz, without first_pts" "$(seconds 48000 '')" 59.9 60.1
check "48 kHz, first_pts=0:flags=res" "$(seconds 48000 :first_pts=0:flags=res)" 59.9 60.1
exit "$failed"
