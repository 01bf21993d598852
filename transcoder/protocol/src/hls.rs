//! HLS playlists (RFC 8216) over the byte ranges of fragmented MP4 files. Pure text; where files live is the caller's matter.

use crate::{Outline, Rendition, RenditionOutline, Segment};
use std::fmt::Write;

/// `EXT-X-MAP` in a playlist of media segments and fragmented MP4 need version 6 and 7.
const HEADER: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n";

/// Many players start with the first variant. This short side starts quickly on a phone line and is watchable.
const START_SHORT_SIDE: u32 = 540;

/// The playlist of playlists. `playlist_url` gives the address of a rendition's media playlist from [`Rendition::file`].
pub fn master_playlist(renditions: &[Rendition], playlist_url: impl Fn(&str) -> String) -> String {
    master(renditions.iter().map(Variant::from).collect(), None, playlist_url)
}

/// Captions that a playlist of playlists offers beside the film.
#[derive(Clone, Copy, Debug)]
pub struct Captions<'a> {
    /// A BCP 47 tag.
    pub language: &'a str,
    /// What a player's menu shows. Without quotes or line breaks.
    pub name: &'a str,
    /// Of their [`captions_playlist`].
    pub playlist_url: &'a str,
}

/// [`master_playlist`], with captions that are shown unless the reader has turned captions off.
pub fn captioned_master_playlist(
    renditions: &[Rendition],
    captions: &Captions<'_>,
    playlist_url: impl Fn(&str) -> String,
) -> String {
    master(renditions.iter().map(Variant::from).collect(), Some(captions), playlist_url)
}

/// The playlist of playlists of a clip that is still being made. Its bandwidths are what the encoder may reach.
pub fn open_master_playlist(outline: &Outline, playlist_url: impl Fn(&str) -> String) -> String {
    master(outline.renditions.iter().map(Variant::from).collect(), None, playlist_url)
}

/// The rendition that players start with.
pub fn start_rendition(outline: &Outline) -> Option<&RenditionOutline> {
    let sides = outline.renditions.iter().map(|rendition| rendition.width.min(rendition.height));
    outline.renditions.get(start(sides))
}

/// Which of the short sides, ascending, players start with.
fn start(sides: impl DoubleEndedIterator<Item = u32> + ExactSizeIterator) -> usize {
    sides.into_iter().rposition(|side| side <= START_SHORT_SIDE).unwrap_or(0)
}

/// What `EXT-X-STREAM-INF` says of a rendition.
struct Variant<'a> {
    file: &'a str,
    width: u32,
    height: u32,
    frame_rate: f64,
    codecs: &'a str,
    peak_bandwidth: u64,
    average_bandwidth: u64,
}

impl<'a> From<&'a Rendition> for Variant<'a> {
    fn from(rendition: &'a Rendition) -> Self {
        let Rendition { file, codecs, width, height, frame_rate, .. } = rendition;
        let (peak_bandwidth, average_bandwidth) =
            (rendition.peak_bandwidth, rendition.average_bandwidth);
        let (width, height, frame_rate) = (*width, *height, *frame_rate);
        Self { file, width, height, frame_rate, codecs, peak_bandwidth, average_bandwidth }
    }
}

impl<'a> From<&'a RenditionOutline> for Variant<'a> {
    fn from(outline: &'a RenditionOutline) -> Self {
        let RenditionOutline { file, codecs, .. } = outline;
        let RenditionOutline { width, height, frame_rate, .. } = *outline;
        let RenditionOutline { peak_bandwidth, average_bandwidth, .. } = *outline;
        Self { file, width, height, frame_rate, codecs, peak_bandwidth, average_bandwidth }
    }
}

fn master(
    variants: Vec<Variant<'_>>,
    captions: Option<&Captions<'_>>,
    playlist_url: impl Fn(&str) -> String,
) -> String {
    let start = start(variants.iter().map(|variant| variant.width.min(variant.height)));
    let others = variants.iter().enumerate().filter(|(index, _)| *index != start);
    let mut playlist = HEADER.to_owned();
    let group = captions.map_or("", |_| ",SUBTITLES=\"captions\"");
    if let Some(Captions { language, name, playlist_url }) = captions {
        let _ = writeln!(
            playlist,
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"{name}\",LANGUAGE=\"{language}\",\
             DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI=\"{playlist_url}\""
        );
    }
    for variant in variants.get(start).into_iter().chain(others.map(|(_, variant)| variant)) {
        let Variant { width, height, frame_rate, codecs, .. } = variant;
        let (peak, average) = (variant.peak_bandwidth, variant.average_bandwidth);
        let _ = writeln!(
            playlist,
            "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},RESOLUTION={width}x{height},\
             FRAME-RATE={frame_rate:.3},CODECS=\"{codecs}\",VIDEO-RANGE=SDR{group}\n{}",
            playlist_url(variant.file)
        );
    }
    playlist
}

/// The playlist of one rendition, whose MP4 is at `file_url`.
pub fn media_playlist(rendition: &Rendition, file_url: &str) -> String {
    let longest = rendition.segments.iter().map(|segment| segment.duration_ms).fold(0.0, f64::max);
    let target = target_seconds(longest);
    let mut playlist = HEADER.to_owned();
    let _ = writeln!(
        playlist,
        "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MAP:URI=\"{file_url}\",BYTERANGE=\"{}@0\"",
        rendition.init_bytes
    );
    for segment in &rendition.segments {
        let _ = writeln!(
            playlist,
            "#EXTINF:{:.6},\n#EXT-X-BYTERANGE:{}@{}\n{file_url}",
            segment.duration_ms / 1000.0,
            segment.bytes,
            segment.offset
        );
    }
    playlist.push_str("#EXT-X-ENDLIST\n");
    playlist
}

/// The playlist of a film's captions, which are one [`captions_segment`] at `segment_url`. The film's length, in milliseconds, is theirs.
pub fn captions_playlist(duration_ms: u64, segment_url: &str) -> String {
    let duration_ms = duration_ms as f64;
    let (target, seconds) = (target_seconds(duration_ms), duration_ms / 1000.0);
    format!(
        "{HEADER}#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:{target}\n#EXTINF:{seconds:.6},\n{segment_url}\n#EXT-X-ENDLIST\n"
    )
}

/// A track as [`crate::captions::write`] makes it, as a media segment: it says that its clock and the film's both begin at 0
/// (RFC 8216 §3.5).
pub fn captions_segment(track: &str) -> String {
    let body = track.strip_prefix("WEBVTT\n").unwrap_or(track);
    format!("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n{body}")
}

/// A part of a rendition that is an object of its own while the rendition is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The first [`NewSegment::init_bytes`](crate::NewSegment::init_bytes) of the file.
    Init,
    /// The segment with this index.
    Segment(usize),
}

/// The playlist of one rendition of a clip that is still being made: players start at its beginning and come back for what
/// has been added. Over a clip's time it only grows, and its last state has `is_complete`.
pub fn open_media_playlist(
    outline: &Outline,
    segments: &[Segment],
    is_complete: bool,
    piece_url: impl Fn(Piece) -> String,
) -> String {
    let target = target_seconds(outline.longest_segment_ms);
    let mut playlist = HEADER.to_owned();
    // A list without an end counts as live, and live begins at the newest.
    let _ = writeln!(
        playlist,
        "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-START:TIME-OFFSET=0,PRECISE=YES\n\
         #EXT-X-MAP:URI=\"{}\"",
        piece_url(Piece::Init)
    );
    for (index, segment) in segments.iter().enumerate() {
        let seconds = segment.duration_ms / 1000.0;
        let url = piece_url(Piece::Segment(index));
        let _ = writeln!(playlist, "#EXTINF:{seconds:.6},\n{url}");
    }
    if is_complete {
        playlist.push_str("#EXT-X-ENDLIST\n");
    }
    playlist
}

/// No segment, rounded, may be longer.
fn target_seconds(longest_ms: f64) -> f64 {
    (longest_ms / 1000.0).round().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendition(width: u32, height: u32) -> Rendition {
        Rendition {
            file: format!("{}p.mp4", width.min(height)),
            width,
            height,
            frame_rate: 30000.0 / 1001.0,
            codecs: "avc1.64001f,mp4a.40.2".into(),
            peak_bandwidth: 1_000 * u64::from(width),
            average_bandwidth: 900 * u64::from(width),
            bytes: 3_000,
            init_bytes: 700,
            segments: vec![
                Segment { offset: 1_000, bytes: 1_500, duration_ms: 4004.0 },
                Segment { offset: 2_500, bytes: 500, duration_ms: 233.566_666 },
            ],
        }
    }

    fn renditions() -> Vec<Rendition> {
        vec![rendition(240, 426), rendition(540, 960), rendition(720, 1280)]
    }

    #[test]
    fn the_master_playlist_names_every_rendition_and_starts_with_a_middling_one() {
        let playlist = master_playlist(&renditions(), |file| format!("/v/{file}.m3u8"));
        let lines: Vec<&str> = playlist.lines().collect();
        assert_eq!(lines[..3], ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]);
        assert_eq!(
            lines[3],
            "#EXT-X-STREAM-INF:BANDWIDTH=540000,AVERAGE-BANDWIDTH=486000,RESOLUTION=540x960,FRAME-RATE=29.970,\
             CODECS=\"avc1.64001f,mp4a.40.2\",VIDEO-RANGE=SDR"
        );
        let urls: Vec<&str> = lines.into_iter().filter(|line| line.starts_with('/')).collect();
        assert_eq!(urls, ["/v/540p.mp4.m3u8", "/v/240p.mp4.m3u8", "/v/720p.mp4.m3u8"]);
    }

    #[test]
    fn a_media_playlist_lists_the_byte_ranges_of_one_file() {
        assert_eq!(
            media_playlist(&rendition(540, 960), "/m/540p.mp4?s=1"),
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-TARGETDURATION:4\n\
             #EXT-X-MAP:URI=\"/m/540p.mp4?s=1\",BYTERANGE=\"700@0\"\n\
             #EXTINF:4.004000,\n\
             #EXT-X-BYTERANGE:1500@1000\n\
             /m/540p.mp4?s=1\n\
             #EXTINF:0.233567,\n\
             #EXT-X-BYTERANGE:500@2500\n\
             /m/540p.mp4?s=1\n\
             #EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn the_target_duration_covers_a_clip_under_a_second() {
        let mut short = rendition(240, 426);
        short.segments.remove(0);
        assert!(media_playlist(&short, "f").contains("#EXT-X-TARGETDURATION:1\n"));
    }

    #[test]
    fn captions_are_offered_with_every_rendition() {
        let url = |file: &str| format!("/v/{file}.m3u8");
        let captions =
            Captions { language: "ja", name: "日本語", playlist_url: "/v/captions.m3u8?c=1" };
        let playlist = captioned_master_playlist(&renditions(), &captions, url);
        let offer = "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"日本語\",LANGUAGE=\"ja\",\
                     DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI=\"/v/captions.m3u8?c=1\"\n";
        let without = playlist.replacen(offer, "", 1).replace(",SUBTITLES=\"captions\"\n", "\n");
        assert_eq!(playlist.matches(",SUBTITLES=\"captions\"\n").count(), 3, "{playlist}");
        assert_eq!(without, master_playlist(&renditions(), url), "nothing else is said");
    }

    #[test]
    fn captions_are_one_segment_as_long_as_the_film_and_on_its_clock() {
        assert_eq!(
            captions_playlist(61_600, "c.vtt"),
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-TARGETDURATION:62\n\
             #EXTINF:61.600000,\n\
             c.vtt\n\
             #EXT-X-ENDLIST\n"
        );
        let cue =
            crate::captions::Cue { start_ms: 200, end_ms: 1_000, text: "切ります".into() };
        let track = crate::captions::write(std::slice::from_ref(&cue));
        let segment = captions_segment(&track);
        assert!(
            segment.starts_with(
                "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:00.200 -->"
            ),
            "{segment}"
        );
        assert_eq!(crate::captions::read(&segment, 61_600).unwrap(), [cue]);
    }

    fn outline() -> Outline {
        Outline {
            width: 720,
            height: 1280,
            has_audio: true,
            expected_ms: Some(9_000),
            longest_segment_ms: 4004.0,
            renditions: [(240, 426), (540, 960), (720, 1280)]
                .map(|(width, height)| RenditionOutline {
                    file: format!("{width}p.mp4"),
                    width,
                    height,
                    frame_rate: 30000.0 / 1001.0,
                    codecs: "avc1.64001f,mp4a.40.2".into(),
                    peak_bandwidth: 1_000 * u64::from(width),
                    average_bandwidth: 900 * u64::from(width),
                })
                .into(),
            why_encoded: None,
        }
    }

    #[test]
    fn the_master_playlist_is_the_same_while_the_clip_is_being_made() {
        let url = |file: &str| format!("/v/{file}.m3u8");
        assert_eq!(open_master_playlist(&outline(), url), master_playlist(&renditions(), url));
    }

    #[test]
    fn an_open_playlist_only_grows() {
        let url = |piece| match piece {
            Piece::Init => "/o/540p/init".to_owned(),
            Piece::Segment(index) => format!("/o/540p/{index}"),
        };
        let segments = rendition(540, 960).segments;
        let playlists = [
            open_media_playlist(&outline(), &[], false, url),
            open_media_playlist(&outline(), &segments[..1], false, url),
            open_media_playlist(&outline(), &segments, false, url),
            open_media_playlist(&outline(), &segments, true, url),
        ];
        assert!(playlists.windows(2).all(|pair| pair[1].starts_with(&pair[0])));
        assert_eq!(
            playlists[3],
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-PLAYLIST-TYPE:EVENT\n\
             #EXT-X-TARGETDURATION:4\n\
             #EXT-X-START:TIME-OFFSET=0,PRECISE=YES\n\
             #EXT-X-MAP:URI=\"/o/540p/init\"\n\
             #EXTINF:4.004000,\n\
             /o/540p/0\n\
             #EXTINF:0.233567,\n\
             /o/540p/1\n\
             #EXT-X-ENDLIST\n"
        );
    }
}
