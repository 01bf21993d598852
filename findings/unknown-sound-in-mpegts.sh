#!/usr/bin/env bash
# What libav makes of a private stream (ISO/IEC 13818-1: stream types 0x80 to 0xff) that no descriptor names: LPCM of a recorder, say.
#
# Guess (written down only after the first run): it is listed with a codec that is unknown, and of the kind "data" or "unknown".
# Seen: as MP3. The demuxer probes what it does not know, and MP3's sync word is found in the samples of a tone; "unknown" it stays only when
#       nothing of the kind is in it, as in silence. Not one frame of it can be decoded, so a player shows a track of sound that is mute.
#       Neither a codec's name nor a track's being there says that there is sound to be had: decode some.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

version=$(ffmpeg -hide_banner -version | head -n 1)
echo "$version"
[[ $version == "ffmpeg version 5.1."* ]] || { echo "another version than what this was seen with: 5.1" >&2; exit 1; }

# Says type 0x80 in place of 0x06 in the map (PID 0x1000), with its checksum made anew.
# shellcheck disable=SC2016 # perl's variables
retype='
    undef $/; $_ = <STDIN>;
    for (my $p = 0; $p < length; $p += 188) {
        next if (unpack("n", substr($_, $p + 1, 2)) & 0x1fff) != 0x1000;
        my $s = $p + 5;
        my $at = sub { unpack("n", substr($_, $s + $_[0], 2)) & 0xfff };
        my $end = 3 + $at->(1) - 4;
        for (my $i = 12 + $at->(10); $i < $end; $i += 5 + $at->($i + 3)) {
            substr($_, $s + $i, 1) = "\x80" if substr($_, $s + $i, 1) eq "\x06";
        }
        my $crc = 0xffffffff;
        for my $byte (unpack("C*", substr($_, $s, $end))) {
            $crc ^= $byte << 24;
            $crc = (($crc << 1) ^ ($crc & 0x80000000 ? 0x04c11db7 : 0)) & 0xffffffff for 1 .. 8;
        }
        substr($_, $s + $end, 4) = pack("N", $crc);
    }
    print;'

changed=0
for sound in tone:mp3 silence:unknown; do
    expected=${sound#*:}
    case ${sound%:*} in
        tone) source=sine=f=440:r=48000:d=3 ;;
        silence) source=anullsrc=r=48000 ;;
    esac
    ffmpeg -v error -y -f lavfi -i "$source" -f lavfi -i testsrc2=s=320x240:r=25:d=3 -t 3 -map 1 -map 0 \
        -c:v libx264 -pix_fmt yuv420p -c:a pcm_bluray -ac 2 plain.ts
    perl -e "$retype" < plain.ts > private.ts
    named=$(ffprobe -v quiet -select_streams 1 -show_entries stream=codec_name -of csv=p=0 private.ts | sort -u | tr -d ' \n,')
    bytes=$(ffmpeg -v quiet -i private.ts -map 0:a -f s16le - | wc -c || true)
    echo "${sound%:*}: libav says '$named', and decodes $bytes bytes of it"
    [[ $named == "$expected" && $bytes == 0 ]] || changed=1
done
exit "$changed"
