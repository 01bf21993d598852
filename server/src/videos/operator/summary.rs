//! A try in a person's words: what is heard while it goes on, and what came of it.

use super::report::{Refused, Report, Source};
use std::fmt::Write;
use std::path::Path;
use transcoder_protocol::run::Update;
use transcoder_protocol::{
    Caged, DynamicRange, Found, FoundPicture, Outline, Rendition, SoundLeftOut, Turn, VideoOutput,
    WhyEncoded,
};

/// Says each thing once, and progress by tens.
#[derive(Default)]
pub struct Teller {
    tens: u16,
}

impl Teller {
    /// What to say of an update, if anything.
    pub fn line(&mut self, update: &Update) -> Option<String> {
        match update {
            Update::Caged(caged) => Some(label("cage", &cage(*caged))),
            Update::Found(found) => Some(label("found", &self::found(found))),
            Update::Outline(outline) => {
                // After a second one all is made anew.
                self.tens = 0;
                Some(label("decided", &decided(outline)))
            }
            Update::Progress(permille) if permille / 100 > self.tens => {
                self.tens = permille / 100;
                Some(label("", &format!("{} %", self.tens * 10)))
            }
            Update::Progress(_) | Update::Segment(_) => None,
        }
    }
}

/// What came of it, in a few lines; `out` as it was named.
pub fn of(report: &Report, out: &Path) -> String {
    match (&report.made, &report.refused) {
        (Some(made), _) => self::made(report, made, out),
        (None, Some(refused)) => self::refused(refused),
        (None, None) => String::new(),
    }
}

fn made(report: &Report, made: &VideoOutput, out: &Path) -> String {
    let mut lines = Vec::new();
    let of_decided = |rendition: &Rendition| {
        let outline = report.decided.as_ref();
        let is_copy = outline.is_some_and(|outline| is_copied(outline, &rendition.file));
        if is_copy { "copied" } else { "encoded" }
    };
    for rendition in made.renditions.iter().rev() {
        lines.push(label(
            "made",
            &format!("{}, {}", self::rendition(rendition), of_decided(rendition)),
        ));
    }
    let first = report.first_playable_ms.map_or_else(String::new, |ms| {
        format!("; the first of it could be played after {}", seconds(ms))
    });
    lines.push(label(
        "time",
        &format!("{} of film in {}{first}", seconds(made.duration_ms), seconds(report.wall_ms)),
    ));
    let moments: Vec<String> = made.posters.iter().map(|poster| seconds(poster.at_ms)).collect();
    lines.push(label("posters", &format!("at {}", moments.join(", "))));
    let looks = made.contact_sheet.sprite.at_ms.len() as u32;
    lines.push(label("sheet", &counted(looks, "different look")));
    if let Some(cut) = made.cut_short {
        let there = seconds(made.duration_ms);
        let text =
            format!("short: only {there} of the {} that the file claims", seconds(cut.claimed_ms));
        lines.push(label("cut", &text));
    }
    if let Some(SoundLeftOut { codec }) = &made.sound_left_out {
        lines.push(label("silent", &format!("the file's sound ({}) cannot be read", plain(codec))));
    }
    if let Some(factor) = made.slow_factor {
        let text = format!("filmed for slow motion, in which it is {factor} times as long");
        lines.push(label("motion", &text));
    }
    let location =
        if made.had_location { "was in the file; removed" } else { "was not in the file" };
    lines.push(label("place", location));
    lines.extend(too_large(&report.source));
    lines.push(label("play", &out.join("master.m3u8").display().to_string()));
    lines.push(label("report", &out.join("report.json").display().to_string()));
    lines.join("\n")
}

fn refused(refused: &Refused) -> String {
    let retry = if refused.is_worth_retrying { "; the site would try again" } else { "" };
    [
        label("refused", &format!("{}{retry}", refused.failure.name())),
        label("why", &plain(&refused.detail)),
        label("told", &refused.message),
    ]
    .join("\n")
}

fn too_large(source: &Source) -> Option<String> {
    (source.bytes > source.max_upload_bytes).then(|| {
        let [has, may] = [source.bytes, source.max_upload_bytes].map(megabytes);
        label("but", &format!("the site would not take the upload: {has}, at most {may} (MEGURUMI_VIDEO_MAX_BYTES)"))
    })
}

fn cage(caged: Caged) -> String {
    let Caged { landlock, seccomp, rlimits } = caged;
    let layers = [("landlock", landlock), ("seccomp", seccomp), ("resource limits", rlimits)];
    let names = |wanted: bool| {
        let named = layers.iter().filter(|(_, holds)| *holds == wanted).map(|(name, _)| *name);
        named.collect::<Vec<_>>().join(", ")
    };
    match caged.is_whole() {
        true => format!("whole: {}", names(true)),
        false => format!("not whole: without {}", names(false)),
    }
}

fn found(found: &Found) -> String {
    let Found { format, duration_ms, picture, sound, .. } = found;
    let mut text = plain(format);
    if let Some(ms) = duration_ms {
        let _ = write!(text, ", {}", seconds(*ms));
    }
    let _ = write!(text, ": {}", self::picture(picture));
    match sound {
        Some(sound) => {
            let (codec, rate) = (plain(&sound.codec), sound.sample_rate);
            let _ = write!(text, "; {codec}, {rate} Hz, {}", counted(sound.channels, "channel"));
        }
        None => text += "; no sound",
    }
    text
}

fn picture(picture: &FoundPicture) -> String {
    let FoundPicture { codec, pixel_format, width, height, .. } = picture;
    let mut text = format!("{} ({}) {width}×{height}", plain(codec), plain(pixel_format));
    if let Some(aspect) = picture.pixel_aspect.filter(|aspect| (aspect - 1.0).abs() > 0.001) {
        let _ = write!(text, ", pixels {aspect:.3} times as wide as tall");
    }
    if let Some(rate) = picture.mean_frame_rate.or(picture.base_frame_rate) {
        let _ = write!(text, ", {rate:.2} frames/s");
    }
    if picture.is_interlaced {
        text += ", interlaced";
    }
    match picture.dynamic_range {
        DynamicRange::Sdr => {}
        DynamicRange::Hlg => text += ", HDR (HLG)",
        DynamicRange::Pq => text += ", HDR (PQ)",
    }
    match picture.turn {
        Turn { is_mirrored: false, degrees: 0 } => {}
        Turn { is_mirrored: false, degrees } => {
            let _ = write!(text, ", to be turned by {degrees}°");
        }
        Turn { is_mirrored: true, degrees } => {
            let _ = write!(text, ", to be mirrored and turned by {degrees}°");
        }
    }
    text
}

fn decided(outline: &Outline) -> String {
    let sides = outline.renditions.iter().rev();
    let ladder: Vec<String> =
        sides.map(|rendition| format!("{}p", rendition.width.min(rendition.height))).collect();
    let how = match outline.why_encoded {
        None => "the highest copied as it is, the others encoded".to_owned(),
        Some(why) => format!("all encoded: {}", against_copying(why)),
    };
    format!("{}; {how}", ladder.join(" "))
}

/// The highest is, when nothing was against it.
fn is_copied(outline: &Outline, file: &str) -> bool {
    outline.why_encoded.is_none()
        && outline.renditions.last().is_some_and(|highest| highest.file == file)
}

fn against_copying(why: WhyEncoded) -> &'static str {
    match why {
        WhyEncoded::Codec => "the source is not H.264",
        WhyEncoded::Profile => "not every phone plays the source's profile or level",
        WhyEncoded::Stream => "the source's stream is built in a way that is not copied",
        WhyEncoded::Interlaced => "the source is interlaced",
        WhyEncoded::Turned => "the source is not upright",
        WhyEncoded::PixelShape => "the source's pixels are not square",
        WhyEncoded::Size => "the source has not the size of a rung",
        WhyEncoded::Colours => "the source's colours are not BT.709 in limited range",
        WhyEncoded::FrameRate => "the source has too many frames a second, or too unsteady ones",
        WhyEncoded::BitRate => "the source has too many bits a second",
        WhyEncoded::Keyframes => "the source's keyframes are too far from one another",
        WhyEncoded::Times => "times in the source are missing, repeated or cut by an edit list",
        WhyEncoded::Packets => "packets of the source are damaged or missing",
        WhyEncoded::Sound => "the source's sound goes on long after its picture",
    }
}

fn rendition(rendition: &Rendition) -> String {
    let Rendition { file, width, height, frame_rate, .. } = rendition;
    format!(
        "{file}: {width}×{height}, {frame_rate:.2} frames/s, {} kbit/s, {}, {}",
        rendition.average_bandwidth / 1000,
        megabytes(rendition.bytes),
        counted(rendition.segments.len() as u32, "segment"),
    )
}

fn counted(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn label(name: &str, text: &str) -> String {
    format!("{name:<8} {text}")
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Without what a terminal would obey: a child that was taken over could say it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_by_tens_and_once() {
        let mut teller = Teller::default();
        let told: Vec<String> = [0, 40, 120, 130, 199, 430, 1000]
            .map(|n| teller.line(&Update::Progress(n)))
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(
            told.iter().map(|line| line.trim()).collect::<Vec<_>>(),
            ["10 %", "40 %", "100 %"]
        );
    }

    #[test]
    fn half_a_cage_is_told_by_what_is_missing() {
        let caged = Caged { landlock: false, seccomp: true, rlimits: true };
        assert_eq!(cage(caged), "not whole: without landlock");
    }

    #[test]
    fn nothing_a_child_says_moves_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
