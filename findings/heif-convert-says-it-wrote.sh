#!/usr/bin/env bash
# heif-convert ends with status 0 when it could not write the picture.
#
# Guess: a converter that meets a full disk ends with another status than 0, as cp, cwebp or ffmpeg do; so "status 0" means that there is a
# whole picture to read. Seen (libheif-examples 1.15.1, Debian 12): it says "could not write image" on standard error, leaves what it had
# written so far, a JPEG or PNG that breaks off, and ends with status 0. An input that it can't decode does give status 1.
# So whoever runs it must look whether there was room, or at the end of what was written.
#
# Needs Debian's libheif-examples (heif-enc and heif-convert) and ffmpeg. Ends with 0 as long as it is as described.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=$(dpkg-query -W -f '${Version}' libheif-examples)
printf 'libheif-examples %s, expected 1.15.1\n' "$version"
[[ $version == 1.15.1* ]]

# Noise, so that what comes out is larger than any buffer.
ffmpeg -v error -f lavfi -i "nullsrc=s=800x600,geq=random(1)*255:128:128" -frames:v 1 noise.png
heif-enc -q 60 noise.png -o noise.heic >/dev/null 2>&1

for extension in jpg png; do
  # The kernel's own full disk: every write to it is refused with ENOSPC.
  ln -s /dev/full "full.$extension"
  status=0
  heif-convert -q 96 noise.heic "full.$extension" >"$extension.log" 2>&1 || status=$?
  printf '%s to a full disk: status %s; it says: %s\n' "$extension" "$status" "$(tr '\n' '|' <"$extension.log")"
  [[ $status == 0 ]]
  grep -q 'could not write image' "$extension.log"
done

head -c 2000 noise.heic >broken.heic
status=0
heif-convert broken.heic broken.jpg >broken.log 2>&1 || status=$?
printf 'of a broken input: status %s\n' "$status"
[[ $status == 1 ]]
