#!/usr/bin/env bash
# An auxiliary picture (here: a transparency mask) that belongs to two pictures.
#
# Guess: it is read. ISO/IEC 14496-12 collects what an item refers to in one box with as many targets as there are, and iPhones
# write HEIC so since iOS 18: their gain map belongs to the picture and to what it becomes with it (`tmap`).
# Seen: libheif 1.15.1 (Debian 12) refuses the whole file, also the picture that needs nothing of it: "Too many auxiliary image references".
#
# Rests on it: transcoder/src/photo/heif.rs, which reads HEIF itself and follows nothing but what the primary picture is made of.
#
# Needs heif-enc and heif-convert (libheif-examples), ffmpeg and python3. Exits with 0 while that is so.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
dpkg-query -W -f '${Package} ${Version}\n' libheif1 libheif-examples

ffmpeg -v error -f lavfi -i "color=red@0.5:s=64x64,format=rgba" -frames:v 1 clear.png
ffmpeg -v error -f lavfi -i "color=blue:s=64x64" -frames:v 1 plain.png
heif-enc -o one.heic clear.png plain.png >log 2>&1 || { cat log; exit 2; }

# Adds the second picture to what the first one's mask refers to, and moves what lies behind by the two bytes that it takes.
python3 - one.heic two.heic <<'PYTHON'
import struct, sys

data = bytearray(open(sys.argv[1], "rb").read())

def boxes(start, end):
    while start < end:
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        yield kind, start, start + size
        start += size

def find(kind, start, end):
    return next((a, b) for name, a, b in boxes(start, end) if name == kind)

meta = find(b"meta", 0, len(data))
iref = find(b"iref", meta[0] + 12, meta[1])
auxl = find(b"auxl", iref[0] + 12, iref[1])
mask, count, target = struct.unpack(">HHH", data[auxl[0] + 8 : auxl[1]])
assert count == 1, "one target, as heif-enc writes it"
iinf = find(b"iinf", meta[0] + 12, meta[1])
ids = [struct.unpack(">H", data[a + 12 : a + 14])[0] for name, a, _ in boxes(iinf[0] + 14, iinf[1])]
other = next(i for i in ids if i not in (mask, target))
# A base, an offset and a length, of 4 bytes each: as heif-enc writes it.
iloc = find(b"iloc", meta[0] + 12, meta[1])
at = iloc[0] + 8
version, sizes = data[at], struct.unpack(">H", data[at + 4 : at + 6])[0]
assert version == 0 and sizes == 0x4440, (version, hex(sizes))
items, at = struct.unpack(">H", data[at + 6 : at + 8])[0], at + 8
for _ in range(items):
    # Id and file, then the base and the number of extents.
    base, extents = struct.unpack(">IH", data[at + 4 : at + 10])
    data[at + 4 : at + 8] = struct.pack(">I", base + 2)
    at += 10 + 8 * extents
data[auxl[0] + 10 : auxl[0] + 12] = struct.pack(">H", 2)
data[auxl[1] : auxl[1]] = struct.pack(">H", other)
for start, _ in (auxl, iref, meta):
    (size,) = struct.unpack(">I", data[start : start + 4])
    data[start : start + 4] = struct.pack(">I", size + 2)
open(sys.argv[2], "wb").write(data)
PYTHON

echo "one target:"
heif-convert one.heic one.png
echo "two targets:"
if heif-convert two.heic two.png >log 2>&1; then
  cat log
  echo "it is read now"
  exit 1
fi
cat log
grep -q "Too many auxiliary image references" log
