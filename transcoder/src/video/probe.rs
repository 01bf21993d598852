//! What a file is, by its content, and whether we take it.
//!
//! The demuxer is chosen from an allow-list by looking at the first bytes; it reads through the one opened file and has no
//! protocol to open anything else with, so that a playlist or an external reference has nowhere to lead. Decoders come from
//! an allow-list too (`tracks`), and limits are checked before a decoder opens.

use super::input::InputFile;
use super::plan::{self, Ratio, SourcePicture};
use super::timeline::{Timed, Timeline, may_jump};
use super::tracks::{self, Sounds};
pub use super::tracks::{Track, decoder_names};
use super::{Orientation, libav};
use crate::refusal::{OrRefuse, Refusal, Result};
use ff::codec::packet::{Packet, side_data};
use ff::format::context::{Input, StreamIo};
use ffmpeg_next as ff;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use transcoder_protocol::{Failure, SoundLeftOut, VideoLimits};

/// Demuxers we take, by libav's names.
const FORMATS: &[&str] =
    &["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi", "mpeg", "ogg", "dv", "asf"];

/// Sound alone: recognised, to say so.
const AUDIO_FORMATS: &[&str] =
    &["mp3", "wav", "flac", "aac", "amr", "ac3", "eac3", "caf", "aiff", "w64", "au"];

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
    /// What could be heard in place of `audio`, the best first.
    other_sounds: VecDeque<Track>,
    /// The codec of a track of sound that is not heard.
    unheard: Option<String>,
    pub picture: SourcePicture,
    /// The container's own word on the shape of a pixel.
    pub container_aspect: Option<Ratio>,
    pub field_order_is_interlaced: bool,
    /// When its packets are. Time zero of what we make is the earliest timestamp of the two tracks.
    pub timeline: Timeline,
    longest_seconds: f64,
    /// See [`plan::slow_factor`].
    pub slow_factor: Option<u32>,
    /// How many times slower it is played than it was filmed.
    slowness: u32,
    /// Whether the file says where it was filmed.
    pub had_location: bool,
}

impl Source {
    /// The same file once more, from its beginning. Its tracks have the same numbers; what they hold is known already.
    pub fn reopen(&self) -> Result<Input> {
        let tracks: Vec<&Track> =
            [Some(&self.video), self.audio.as_ref()].into_iter().flatten().collect();
        open_anew(&self.file, self.format, &tracks)
    }

    /// The two tracks that are read.
    pub fn tracks(&self) -> Vec<usize> {
        let tracks = [Some(&self.video), self.audio.as_ref()];
        tracks.into_iter().flatten().map(|track| track.index).collect()
    }

    /// Takes the next best sound in place of this one, because it gives none. `is_told` if its author should hear of it.
    pub fn give_up_sound(&mut self, is_told: bool) -> Result<()> {
        if let Some(track) = self.audio.take().filter(|_| is_told) {
            self.unheard.get_or_insert_with(|| track.codec_name());
        }
        self.audio = self.other_sounds.pop_front();
        self.lay_out()
    }

    /// Has the samples of its sound laid end to end from its first packet's time.
    pub fn disbelieve_sound_stamps(&mut self) {
        if let Some(track) = &self.audio {
            self.timeline.disbelieve(track.index);
        }
    }

    /// How long the picture is by its packets, or anything over `most_seconds`. Reads the file.
    pub fn read_picture_seconds(&self, most_seconds: f64) -> Result<f64> {
        read_picture_seconds(&self.file, self.format, &self.video, most_seconds)
    }

    /// Is silent, because nothing that was listened to gave any sound. Its author hears of it.
    pub fn give_up_all_sound(&mut self) -> Result<()> {
        self.other_sounds.clear();
        self.give_up_sound(true)
    }

    /// Takes what was taken of the same file before: the track of that number, or none, its times, and what is told of that.
    pub fn repeat_choice(
        &mut self,
        sound: Option<usize>,
        timeline: Timeline,
        left_out: Option<SoundLeftOut>,
    ) -> Result<()> {
        self.unheard = left_out.map(|sound| sound.codec);
        if self.audio.as_ref().map(|audio| audio.index) != sound {
            self.other_sounds.retain(|track| Some(track.index) == sound);
            self.give_up_sound(false)?;
        }
        self.timeline = timeline;
        Ok(())
    }

    /// What its author is told, when the clip is made without the sound that its source has.
    pub fn sound_left_out(&self) -> Option<SoundLeftOut> {
        let codec = self.unheard.as_ref().filter(|_| self.audio.is_none())?;
        Some(SoundLeftOut { codec: codec.clone() })
    }

    /// Plays it in slow motion, silently: from now on all its times are those of what is shown. Changes nothing without a factor.
    pub fn slow_down(&mut self) -> Result<()> {
        let Some(factor) = self.slow_factor.filter(|_| self.slowness == 1) else { return Ok(()) };
        self.audio = None;
        self.other_sounds.clear();
        self.unheard = None;
        self.lay_out()?;
        let factor_ratio = ff::Rational::new(i32::try_from(factor).unwrap_or(i32::MAX), 1);
        self.video.time_base = self.video.time_base * factor_ratio;
        let slowed = |seconds: f64| seconds * f64::from(factor);
        self.video.seconds = self.video.seconds.map(slowed);
        let picture = &mut self.picture;
        picture.seconds = picture.seconds.map(slowed);
        for rate in [&mut picture.base_rate, &mut picture.average_rate].into_iter().flatten() {
            rate.denominator = rate.denominator.saturating_mul(factor);
        }
        self.slowness = factor;
        let seconds = self.picture.seconds.unwrap_or(0.0);
        if is_within(self.longest_seconds, seconds, &self.file)? {
            Ok(())
        } else {
            Err(too_long(seconds))
        }
    }

    pub fn is_slowed(&self) -> bool {
        self.slowness > 1
    }

    /// The length of its longest track as it is played, if the file states it.
    pub fn stated_seconds(&self) -> Option<f64> {
        libav::stated_seconds(&self.input).map(|seconds| seconds * f64::from(self.slowness))
    }

    /// The times of the tracks that are taken now.
    fn lay_out(&mut self) -> Result<()> {
        let Self { input, file, format, video, audio, longest_seconds, .. } = self;
        self.timeline = timeline(input, file, format, video, audio.as_ref(), *longest_seconds)?;
        Ok(())
    }
}

pub fn probe(file: InputFile, limits: &VideoLimits) -> Result<Source> {
    let format = recognise(&file)?;
    let input = open(&file, format, ANALYSIS_US)?;
    check_tracks(&input, limits)?;
    let mut video = tracks::picture(&input)?;
    let Sounds { tracks, unread } = tracks::sounds(&input);
    let mut other_sounds = VecDeque::from(tracks);
    let audio = other_sounds.pop_front();
    let longest_seconds = longest_seconds(limits);
    let timeline = timeline(&input, &file, format, &video, audio.as_ref(), longest_seconds)?;
    video.seconds = timeline.picture_seconds.or(video.seconds);
    if !is_within(longest_seconds, claimed_seconds(&input, &video), &file)?
        && (audio.is_none()
            || video.seconds.is_some()
            || read_picture_seconds(&file, format, &video, longest_seconds)? > longest_seconds)
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
        other_sounds,
        unheard: unread,
        container_aspect,
        field_order_is_interlaced,
        timeline,
        longest_seconds,
        slow_factor: plan::slow_factor(&picture),
        slowness: 1,
        had_location,
        picture,
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

/// Opens a file once more, from which these tracks were taken. A track that little analysis cannot name, as one of MPEG-TS whose first
/// packet is large or comes late, would not be cut into the same packets: then it is analysed as at first.
fn open_anew(file: &InputFile, format: &str, tracks: &[&Track]) -> Result<Input> {
    let input = open(file, format, LITTLE_ANALYSIS_US)?;
    let is_named = |track: &&Track| {
        let stream = input.stream(track.index);
        stream.is_some_and(|stream| stream.parameters().id() == track.parameters.id())
    };
    if tracks.iter().all(is_named) { Ok(input) } else { open(file, format, ANALYSIS_US) }
}

fn check_tracks(input: &Input, limits: &VideoLimits) -> Result<()> {
    let tracks = input.nb_streams();
    if tracks > limits.max_tracks {
        return Err(Refusal::new(Failure::TooManyTracks, format!("{tracks} tracks")));
    }
    Ok(())
}

/// Of the picture, or of the whole file where nothing is said of its tracks.
fn claimed_seconds(input: &Input, video: &Track) -> f64 {
    let container = (input.duration() > 0).then(|| input.duration() as f64 / 1e6);
    video.seconds.or(container).unwrap_or(0.0)
}

/// Whether a claimed length need not be refused.
fn is_within(longest_seconds: f64, seconds: f64, file: &InputFile) -> Result<bool> {
    let bytes = file.bytes().or_refuse(Failure::Crashed, "measuring the input")?;
    // So little for so long is a lie; the true length shows while reading.
    let is_credible = bytes as f64 * 8.0 >= LEAST_BITS_PER_SECOND * seconds;
    Ok(!is_credible || seconds <= longest_seconds)
}

/// How long the picture is by its packets, whatever is claimed of the file and however much longer its sound goes on; or, without
/// reading on, anything over `most_seconds`.
fn read_picture_seconds(
    file: &InputFile,
    format: &str,
    video: &Track,
    most_seconds: f64,
) -> Result<f64> {
    let mut input = open_anew(file, format, &[video])?;
    libav::read_only(&mut input, &[video.index]);
    let start = start_us(&input, video).unwrap_or(0) as f64 / 1e6;
    let mut packet = Packet::empty();
    let mut seconds = 0.0_f64;
    while seconds <= most_seconds {
        match libav::read(&mut input, &mut packet) {
            Ok(()) if packet.stream() == video.index => {
                let time = packet.pts().or(packet.dts()).unwrap_or(0);
                seconds = seconds.max(time as f64 * f64::from(video.time_base) - start);
            }
            Ok(()) => {}
            Err(ff::Error::InvalidData) if !libav::is_at_end(&input) => {}
            // Whatever is wrong with the file shows when the clip is made.
            Err(_) => break,
        }
    }
    Ok(seconds)
}

fn timeline(
    input: &Input,
    file: &InputFile,
    format: &str,
    video: &Track,
    audio: Option<&Track>,
    longest_seconds: f64,
) -> Result<Timeline> {
    let tracks: Vec<&Track> = [Some(video), audio].into_iter().flatten().collect();
    let timed: Vec<Timed> = tracks.iter().map(|track| track.timed()).collect();
    if may_jump(format) {
        let input_anew = open_anew(file, format, &tracks)?;
        let known = input.nb_streams() as usize;
        return Timeline::measure(input_anew, &timed, known, longest_seconds);
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
