//! What a file is, by its content, and whether we take it.
//!
//! The demuxer is chosen from an allow-list by looking at the first bytes; it reads through the one opened file and has no
//! protocol to open anything else with, so that a playlist or an external reference has nowhere to lead. Decoders come from
//! an allow-list too, and limits are checked before a decoder opens.

use super::input::InputFile;
use super::plan::{Ratio, SourcePicture};
use super::timeline::{Timed, Timeline, may_jump};
use super::{Orientation, libav};
use crate::refusal::{OrRefuse, Refusal, Result};
use ff::codec::packet::{Packet, side_data};
use ff::format::context::{Input, StreamIo};
use ff::format::stream::Disposition;
use ff::media::Type;
use ffmpeg_next as ff;
use std::io::{ErrorKind, Read};
use transcoder_protocol::{Failure, VideoLimits};

/// Demuxers we take, by libav's names.
const FORMATS: &[&str] =
    &["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi", "mpeg", "ogg"];

/// Sound alone: recognised, to say so.
const AUDIO_FORMATS: &[&str] =
    &["mp3", "wav", "flac", "aac", "amr", "ac3", "eac3", "caf", "aiff", "w64", "au"];

/// Decoders we take, by libav's names.
const DECODERS: &[&str] = &[
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "libdav1d",
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "h263",
    "theora",
    "prores",
    "mjpeg",
    "aac",
    "aac_latm",
    "mp3",
    "mp3float",
    "mp2",
    "mp2float",
    "opus",
    "libopus",
    "vorbis",
    "ac3",
    "eac3",
    "amrnb",
    "amrwb",
    "flac",
    "alac",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_u8",
    "pcm_f32le",
    "pcm_mulaw",
    "pcm_alaw",
    "adpcm_ima_qt",
    "adpcm_ima_wav",
];

/// Bytes looked at to recognise a format, and the least score (of 100) that counts. A file name is never asked.
const RECOGNITION_BYTES: u64 = 256 << 10;
const RECOGNITION_SCORE: i32 = 25;

/// Brands of still pictures (HEIC, AVIF, JPEG 2000), which share their container with MP4.
const PICTURE_BRANDS: &[&[u8; 4]] = &[
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"jp2 ",
    b"crx ",
];

/// How much of a clip's time is looked at to learn what its tracks hold, in microseconds: at first, and when it is known.
const ANALYSIS_US: u32 = 5_000_000;
const LITTLE_ANALYSIS_US: u32 = 100_000;

/// Room for the tracks of any honest file; more than the limit are refused by number, far more by the demuxer itself.
const MAX_STREAMS: &str = "256";

/// A file of fewer bits for each second that it claims has not got that many seconds.
const LEAST_BITS_PER_SECOND: f64 = 4000.0;

pub struct Source {
    pub input: Input,
    file: InputFile,
    /// libav's name.
    pub format: &'static str,
    pub video: Track,
    pub audio: Option<Track>,
    pub picture: SourcePicture,
    /// The container's own word on the shape of a pixel.
    pub container_aspect: Option<Ratio>,
    pub field_order_is_interlaced: bool,
    /// When its packets are. Time zero of what we make is the earliest timestamp of the two tracks.
    pub timeline: Timeline,
    /// Whether the file says where it was filmed.
    pub had_location: bool,
}

pub struct Track {
    pub index: usize,
    pub time_base: ff::Rational,
    pub parameters: ff::codec::Parameters,
    pub decoder: ff::Codec,
    /// As the container claims, in seconds.
    pub seconds: Option<f64>,
}

impl Track {
    fn timed(&self) -> Timed {
        Timed { index: self.index, time_base: self.time_base }
    }

    /// libav's name.
    pub fn codec_name(&self) -> String {
        self.parameters.id().name().to_owned()
    }
}

impl Source {
    /// The same file once more, from its beginning. Its tracks have the same numbers; what they hold is known already.
    pub fn reopen(&self) -> Result<Input> {
        open(&self.file, self.format, LITTLE_ANALYSIS_US)
    }

    /// The two tracks that are read.
    pub fn tracks(&self) -> Vec<usize> {
        let tracks = [Some(&self.video), self.audio.as_ref()];
        tracks.into_iter().flatten().map(|track| track.index).collect()
    }
}

pub fn decoder_names() -> String {
    DECODERS.join(",")
}

pub fn probe(file: InputFile, limits: &VideoLimits) -> Result<Source> {
    let format = recognise(&file)?;
    let input = open(&file, format, ANALYSIS_US)?;
    check_tracks(&input, limits)?;
    let mut video = choose(&input, Type::Video)?
        .ok_or_else(|| Refusal::new(Failure::NoVideo, format!("{format} without a video track")))?;
    let audio = choose(&input, Type::Audio)?;
    let timeline = timeline(&input, &file, format, &video, audio.as_ref(), limits)?;
    video.seconds = timeline.picture_seconds.or(video.seconds);
    if !is_within(limits, claimed_seconds(&input, &video), &file)?
        && (audio.is_none()
            || video.seconds.is_some()
            || picture_is_too_long(&file, format, &video, limits)?)
    {
        return Err(too_long(claimed_seconds(&input, &video)));
    }
    let (picture, field_order_is_interlaced) = picture(&input, &video, limits)?;
    let had_location = says_where(&input);
    let container_aspect =
        input.stream(video.index).and_then(|stream| libav::stream_pixel_aspect(&stream));
    Ok(Source {
        input,
        file,
        format,
        video,
        audio,
        picture,
        container_aspect,
        field_order_is_interlaced,
        timeline,
        had_location,
    })
}

fn recognise(file: &InputFile) -> Result<&'static str> {
    let mut head = Vec::new();
    file.reader().take(RECOGNITION_BYTES).read_to_end(&mut head).map_err(|error| {
        let is_memory = error.kind() == ErrorKind::OutOfMemory;
        let failure = if is_memory { Failure::TooHeavy } else { Failure::Crashed };
        Refusal::new(failure, format!("reading the input: {error}"))
    })?;
    if head.is_empty() {
        return Err(Refusal::new(Failure::Empty, "0 bytes"));
    }
    let (name, score) = libav::recognise(&head);
    if score >= RECOGNITION_SCORE {
        if head.get(4..8) == Some(b"ftyp")
            && PICTURE_BRANDS.iter().any(|brand| head.get(8..12) == Some(brand.as_slice()))
        {
            return Err(Refusal::new(Failure::UnknownFormat, "a still picture"));
        }
        if let Some(format) = FORMATS.iter().find(|format| **format == name) {
            return Ok(format);
        }
        if AUDIO_FORMATS.contains(&name.as_str()) {
            return Err(Refusal::new(Failure::NoVideo, format!("a sound file: {name}")));
        }
    }
    Err(Refusal::new(Failure::UnknownFormat, format!("looks like '{name}', score {score}")))
}

fn open(file: &InputFile, format: &str, analysis_us: u32) -> Result<Input> {
    let mut options = ff::Dictionary::new();
    options.set("format_whitelist", format);
    options.set("codec_whitelist", &decoder_names());
    // All reading goes through the file handed over; no protocol may be opened.
    options.set("protocol_whitelist", "none");
    options.set("max_streams", MAX_STREAMS);
    options.set("probesize", "8000000");
    options.set("analyzeduration", &analysis_us.to_string());
    if format.starts_with("mov") {
        options.set("enable_drefs", "0");
        options.set("use_absolute_path", "0");
    }
    let io = StreamIo::from_read_seek_with_capacity(file.reader(), 256 << 10)
        .or_refuse(Failure::TooHeavy, "preparing to read")?;
    ff::format::input_from_stream(io, None, Some(options))
        .map_err(|error| libav::refusal(error, Failure::Damaged, &format!("opening as {format}")))
}

fn check_tracks(input: &Input, limits: &VideoLimits) -> Result<()> {
    let tracks = input.nb_streams();
    if tracks > limits.max_tracks {
        return Err(Refusal::new(Failure::TooManyTracks, format!("{tracks} tracks")));
    }
    Ok(())
}

/// The track that a player would choose, unless it is a cover picture.
fn choose(input: &Input, kind: Type) -> Result<Option<Track>> {
    let Some(stream) = input.streams().best(kind) else { return Ok(None) };
    if stream.disposition().contains(Disposition::ATTACHED_PIC) {
        return Ok(None);
    }
    let parameters = stream.parameters();
    let id = parameters.id();
    let decoder = ff::decoder::find(id)
        .filter(|decoder| DECODERS.contains(&decoder.name()))
        .ok_or_else(|| Refusal::new(Failure::UnsupportedCodec, format!("{kind:?} codec {id:?}")))?;
    let time_base = stream.time_base();
    let seconds = (stream.duration() > 0).then(|| stream.duration() as f64 * f64::from(time_base));
    Ok(Some(Track { index: stream.index(), time_base, parameters, decoder, seconds }))
}

/// Of the picture, or of the whole file where nothing is said of its tracks.
fn claimed_seconds(input: &Input, video: &Track) -> f64 {
    let container = (input.duration() > 0).then(|| input.duration() as f64 / 1e6);
    video.seconds.or(container).unwrap_or(0.0)
}

/// Whether a claimed length need not be refused.
fn is_within(limits: &VideoLimits, seconds: f64, file: &InputFile) -> Result<bool> {
    let bytes = file.bytes().or_refuse(Failure::Crashed, "measuring the input")?;
    // So little for so long is a lie; the true length shows while reading.
    let is_credible = bytes as f64 * 8.0 >= LEAST_BITS_PER_SECOND * seconds;
    Ok(!is_credible || seconds <= longest_seconds(limits))
}

/// Looks whether what is claimed of a file is so of its picture: sound that goes on for longer does not count.
fn picture_is_too_long(
    file: &InputFile,
    format: &str,
    video: &Track,
    limits: &VideoLimits,
) -> Result<bool> {
    let mut input = open(file, format, LITTLE_ANALYSIS_US)?;
    libav::read_only(&mut input, &[video.index]);
    let start = start_us(&input, video).unwrap_or(0) as f64 / 1e6;
    let mut packet = Packet::empty();
    loop {
        match libav::read(&mut input, &mut packet) {
            Ok(()) if packet.stream() == video.index => {
                let time = packet.pts().or(packet.dts()).unwrap_or(0);
                if time as f64 * f64::from(video.time_base) - start > longest_seconds(limits) {
                    return Ok(true);
                }
            }
            Ok(()) => {}
            Err(ff::Error::InvalidData) if !libav::is_at_end(&input) => {}
            // Whatever is wrong with the file shows when the clip is made.
            Err(_) => return Ok(false),
        }
    }
}

fn timeline(
    input: &Input,
    file: &InputFile,
    format: &str,
    video: &Track,
    audio: Option<&Track>,
    limits: &VideoLimits,
) -> Result<Timeline> {
    let tracks: Vec<&Track> = [Some(video), audio].into_iter().flatten().collect();
    let timed: Vec<Timed> = tracks.iter().map(|track| track.timed()).collect();
    if may_jump(format) {
        let input_anew = open(file, format, LITTLE_ANALYSIS_US)?;
        let known = input.nb_streams() as usize;
        return Timeline::measure(input_anew, &timed, known, longest_seconds(limits));
    }
    let starts = tracks.iter().filter_map(|track| start_us(input, track));
    Ok(Timeline::steady(&timed, starts.min().unwrap_or(0)))
}

/// A claim is rounded now and then.
fn longest_seconds(limits: &VideoLimits) -> f64 {
    limits.max_duration_ms as f64 / 1000.0 + 0.5
}

fn too_long(seconds: f64) -> Refusal {
    Refusal::new(Failure::TooLong, format!("{seconds:.1} s"))
}

/// Whether any of the tags is a place: `location` (of QuickTime's `©xyz` and of 3GPP's `loci`), and what else cameras write.
fn says_where(input: &Input) -> bool {
    libav::tags(input).iter().any(|(key, value)| {
        let key = key.to_lowercase();
        ["location", "gps", "xyz"].iter().any(|part| key.contains(part))
            && value.contains(|character: char| character.is_ascii_digit())
    })
}

fn picture(input: &Input, video: &Track, limits: &VideoLimits) -> Result<(SourcePicture, bool)> {
    let stream = input
        .stream(video.index)
        .ok_or_else(|| Refusal::new(Failure::NoVideo, "the video track went away"))?;
    let facts = libav::picture_facts(&video.parameters);
    if facts.width == 0 || facts.height == 0 {
        return Err(Refusal::new(Failure::Damaged, "the picture has no size"));
    }
    let pixels = u64::from(facts.width) * u64::from(facts.height);
    if pixels > limits.max_frame_pixels {
        let size = format!("{}×{}", facts.width, facts.height);
        return Err(Refusal::new(Failure::TooManyPixels, size));
    }
    let orientation = stream
        .side_data()
        .find(|data| data.kind() == side_data::Type::DisplayMatrix)
        .map_or(Orientation::UPRIGHT, |data| Orientation::from_display_matrix(data.data()));
    let seconds = claimed_seconds(input, video);
    let picture = SourcePicture {
        width: facts.width,
        height: facts.height,
        pixel_aspect: libav::stream_pixel_aspect(&stream).or(facts.pixel_aspect),
        orientation,
        base_rate: ratio(stream.rate()),
        average_rate: ratio(stream.avg_frame_rate()),
        seconds: (seconds > 0.0).then_some(seconds),
    };
    Ok((picture, facts.is_interlaced))
}

fn start_us(input: &Input, track: &Track) -> Option<i64> {
    let start = input.stream(track.index)?.start_time();
    (start != ff::ffi::AV_NOPTS_VALUE)
        .then(|| (start as f64 * f64::from(track.time_base) * 1e6).round() as i64)
}

pub fn ratio(rational: ff::Rational) -> Option<Ratio> {
    let numerator = u32::try_from(rational.numerator()).ok().filter(|&n| n > 0)?;
    let denominator = u32::try_from(rational.denominator()).ok().filter(|&d| d > 0)?;
    Some(Ratio { numerator, denominator })
}
