//! HEIC, HEIF and AVIF: measured by us, decoded by libheif's `heif-convert`, a program of its own in the same cage.

use crate::refusal::{OrRefuse, Refusal, Result};
use crate::report::Reporter;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use transcoder_protocol::Failure;

/// From Debian's package `libheif-examples`.
pub const CONVERTER: &str = "/usr/bin/heif-convert";

/// What `auxC` calls a transparency mask: in AVIF, and in HEIC.
const ALPHA: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];

/// What the converter needs in address space, at most: for itself, its libraries and threads, and for each pixel of the largest
/// picture. Measured (HEIC in one piece and in tiles, AVIF, transparency: 4 to 9 bytes a pixel and 42 MiB), and a third more. With less
/// it crashes, or waits for ever for a thread that could not go on.
const CONVERTER_BYTES: u64 = 64 << 20;
const CONVERTER_BYTES_PER_PIXEL: u64 = 12;

/// How often the running converter is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What the boxes say of the primary picture (ISO/IEC 23008-12), before anything is decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The largest of any picture in the file, tiles and thumbnails included: the converter may decode each.
    pub width: u32,
    pub height: u32,
    /// Whether the primary picture carries `irot` or `imir`.
    pub is_turned_by_property: bool,
    /// Whether any picture is a transparency mask.
    pub has_alpha: bool,
}

impl Header {
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, &'static str> {
        let meta = find(bytes, b"meta").ok_or("no meta box")?;
        // A full box: version and flags come first.
        let meta = meta.get(4..).ok_or("an empty meta box")?;
        let primary = find(meta, b"pitm").and_then(primary_item).ok_or("no primary picture")?;
        let properties = find(meta, b"iprp").ok_or("no properties")?;
        let container = find(properties, b"ipco").ok_or("no property container")?;
        let mut header = Self::default();
        let mut turning = Vec::new();
        for (index, (kind, body)) in boxes(container).enumerate() {
            match &kind {
                b"ispe" => {
                    let [width, height] =
                        [4, 8].map(|at| Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?)));
                    let (width, height) = width.zip(height).ok_or("a size is cut short")?;
                    if u64::from(width) * u64::from(height)
                        >= u64::from(header.width) * u64::from(header.height)
                    {
                        (header.width, header.height) = (width, height);
                    }
                }
                b"irot" | b"imir" => turning.push(index as u16 + 1),
                b"auxC" => header.has_alpha |= ALPHA.iter().any(|urn| contains(body, urn)),
                _ => {}
            }
        }
        let associations = find(properties, b"ipma").ok_or("no property associations")?;
        header.is_turned_by_property = properties_of(associations, primary)
            .ok_or("property associations are cut short")?
            .iter()
            .any(|property| turning.contains(property));
        Ok(header)
    }
}

/// Refuses with `TooHeavy` a picture for which the converter would want more memory than it may have.
pub fn check_memory(header: &Header, max_memory_bytes: u64) -> Result<()> {
    let pixels = u64::from(header.width) * u64::from(header.height);
    let needed = CONVERTER_BYTES.saturating_add(pixels.saturating_mul(CONVERTER_BYTES_PER_PIXEL));
    if needed > max_memory_bytes {
        let detail = format!("heif-convert may want {needed} bytes, and has {max_memory_bytes}");
        return Err(Refusal::new(Failure::TooHeavy, detail));
    }
    Ok(())
}

fn primary_item(pitm: &[u8]) -> Option<u32> {
    match pitm.first()? {
        0 => Some(u32::from(u16::from_be_bytes(*pitm.get(4..)?.first_chunk()?))),
        _ => Some(u32::from_be_bytes(*pitm.get(4..)?.first_chunk()?)),
    }
}

/// One-based indices into `ipco` of the properties that `ipma` gives to an item; `None` when it is cut short.
fn properties_of(ipma: &[u8], item: u32) -> Option<Vec<u16>> {
    let (&[version, _, _, flags], rest) = ipma.split_first_chunk::<4>()?;
    let (&count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut found = Vec::new();
    for _ in 0..u32::from_be_bytes(count) {
        let id;
        if version == 0 {
            let (&short, after) = rest.split_first_chunk::<2>()?;
            (id, rest) = (u32::from(u16::from_be_bytes(short)), after);
        } else {
            let (&long, after) = rest.split_first_chunk::<4>()?;
            (id, rest) = (u32::from_be_bytes(long), after);
        }
        let (&associations, after) = rest.split_first()?;
        rest = after;
        for _ in 0..associations {
            // The top bit says whether a reader must know the property.
            let property;
            if flags & 1 == 1 {
                let (&long, after) = rest.split_first_chunk::<2>()?;
                (property, rest) = (u16::from_be_bytes(long) & 0x7fff, after);
            } else {
                let (&short, after) = rest.split_first()?;
                (property, rest) = (u16::from(short & 0x7f), after);
            }
            if id == item {
                found.push(property);
            }
        }
    }
    Some(found)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn find<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(kind, _)| kind == wanted).map(|(_, body)| body)
}

/// The boxes of one level; ends at the first that does not fit.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (&length, after) = rest.split_first_chunk::<4>()?;
        let (&kind, after) = after.split_first_chunk::<4>()?;
        let (body, length) = match u32::from_be_bytes(length) {
            0 => (after, after.len() as u64),
            1 => {
                let (&long, after) = after.split_first_chunk::<8>()?;
                (after, u64::from_be_bytes(long).checked_sub(16)?)
            }
            short => (after, u64::from(short.checked_sub(8)?)),
        };
        let (body, after) = body.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        Some((kind, body))
    })
}

/// Decoded by the converter, and gone when dropped.
pub struct Converted {
    folder: PathBuf,
    extension: &'static str,
}

const STEM: &str = "converted";

/// Runs the converter on these bytes, with progress to keep the watchdog quiet. Its time is limited by the cage and the parent.
///
/// It wants a path, and only the output folder has any: so it gets a copy there.
pub fn convert(
    bytes: &[u8],
    folder: &Path,
    header: &Header,
    reporter: &mut Reporter,
) -> Result<Converted> {
    // JPEG at this quality loses nothing that survives scaling, and takes a fifth of the time; it has no transparency.
    let extension = if header.has_alpha { "png" } else { "jpg" };
    let converted = Converted { folder: folder.to_owned(), extension };
    let source = converted.source();
    fs::write(&source, bytes).or_refuse(Failure::TooHeavy, "copying the photo")?;
    let log =
        io::stderr().as_fd().try_clone_to_owned().or_refuse(Failure::Crashed, "sharing the log")?;
    let mut command = Command::new(CONVERTER);
    // SAFETY: one system call, which takes no lock and no memory.
    unsafe { command.pre_exec(die_with_parent) };
    let mut child = command
        .args(["--quiet", "-q", "96"])
        .arg(&source)
        .arg(converted.path(""))
        .env_clear()
        // Else each thread sets aside 128 MiB of address space, of which the limit counts every byte.
        .env("MALLOC_ARENA_MAX", "1")
        // The cage has no /dev/null. What the converter says goes to the log; our own output is for events.
        .stdin(Stdio::piped())
        .stdout(log)
        .spawn()
        .or_refuse(Failure::UnsupportedCodec, "starting heif-convert")?;
    let mut looked = 0;
    let status = loop {
        match child.try_wait().or_refuse(Failure::Crashed, "waiting for heif-convert")? {
            Some(status) => break status,
            None => {
                looked += 1;
                reporter.progress(f64::from(looked.min(300)) / 1000.0);
                sleep(POLL_INTERVAL);
            }
        }
    };
    if !status.success() {
        return Err(Refusal::new(Failure::Damaged, format!("heif-convert: {status}")));
    }
    Ok(converted)
}

fn die_with_parent() -> io::Result<()> {
    // SAFETY: plain flag of this process.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl Converted {
    /// A file of several pictures comes out as `-1`, `-2`…, in the file's order.
    fn path(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!("{STEM}{suffix}.{}", self.extension))
    }

    /// Begins like what comes out, and so goes with it.
    fn source(&self) -> PathBuf {
        self.folder.join(format!("{STEM}-from.heic"))
    }

    pub fn read(&self, max_bytes: u64) -> Result<Vec<u8>> {
        let path = [self.path(""), self.path("-1")]
            .into_iter()
            .find(|path| path.exists())
            .ok_or_else(|| Refusal::new(Failure::Damaged, "heif-convert wrote nothing"))?;
        super::read(
            File::open(path).or_refuse(Failure::Crashed, "opening the converted photo")?,
            max_bytes,
        )
    }
}

impl Drop for Converted {
    fn drop(&mut self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(STEM) {
                // Left behind, it would only be one file too many in a folder whose named files are taken.
                drop(fs::remove_file(entry.path()));
            }
        }
    }
}
