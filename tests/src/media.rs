//! Files as a phone would send them, made on the spot.

pub use crafted::{avi_with_subtitles, png_header, with_spatial_sound};
use std::path::Path;
use std::process::Command;

/// A JPEG of that size, one colour fading into another, with where it was taken in its EXIF.
pub fn photo(width: u32, height: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("photo.jpg");
    let size = format!("gradients=s={width}x{height}:d=1:r=1:seed=7");
    ffmpeg(&["-f", "lavfi", "-i", &size, "-frames:v", "1"], &path);
    with_gps(&std::fs::read(&path).expect("a photo"))
}

/// A JPEG that says nothing of where it was taken.
pub fn placeless_photo(width: u32, height: u32) -> Vec<u8> {
    let size = format!("-f lavfi -i gradients=s={width}x{height}:d=1:r=1:seed=7 -frames:v 1");
    film("photo.jpg", &size)
}

/// Puts an EXIF segment with a GPS position behind the start of a JPEG.
fn with_gps(jpeg: &[u8]) -> Vec<u8> {
    // Big-endian TIFF: IFD0 has one entry, the pointer to a GPS IFD that holds "N" and a latitude of three fractions.
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    tiff.extend([0, 1, 0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0]);
    tiff.extend([0, 2, 0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0]);
    tiff.extend([0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 56, 0, 0, 0, 0]);
    for part in [34u32, 53, 2] {
        tiff.extend(part.to_be_bytes());
        tiff.extend(1u32.to_be_bytes());
    }
    let length = u16::try_from(tiff.len() + 8).expect("a short segment");
    let mut out = vec![0xff, 0xd8, 0xff, 0xe1];
    out.extend(length.to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(tiff);
    out.extend(&jpeg[2..]);
    out
}

/// A portrait clip as a phone films it: landscape frames, and a note that they are to be turned by 90°. H.264 and AAC in MP4.
pub fn portrait_clip(seconds: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (flat, turned) = (folder.path().join("flat.mp4"), folder.path().join("turned.mp4"));
    let picture = format!("testsrc2=s=640x360:r=30:d={seconds}");
    let sound = format!("sine=f=440:d={seconds}");
    ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            &picture,
            "-f",
            "lavfi",
            "-i",
            &sound,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
        ],
        &flat,
    );
    let flat = flat.to_str().expect("a path");
    ffmpeg(&["-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90"], &turned);
    std::fs::read(&turned).expect("a clip")
}

/// A film of three scenes that have nothing in common, of two seconds each: it offers three posters.
pub fn film_of_scenes() -> Vec<u8> {
    film(
        "scenes.mp4",
        "-f lavfi -i testsrc2=s=640x480:r=10:d=2 -f lavfi -i smptebars=s=640x480:r=10:d=2 \
         -f lavfi -i mandelbrot=s=640x480:r=10 -filter_complex [2]trim=duration=2[third];[0][1][third]concat=n=3,scale=320:240 \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
    )
}

/// What `ffmpeg` makes by these arguments, split at white space, of a file of that name.
pub fn film(name: &str, arguments: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    ffmpeg(&arguments.split_whitespace().collect::<Vec<_>>(), &path);
    std::fs::read(&path).expect("a film")
}

/// The size of the first video stream of a file.
pub fn size_of(bytes: &[u8]) -> (u32, u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).expect("a file");
    let probe = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=width,height",
            "-of",
            "csv=p=0",
        ])
        .arg(&path)
        .output()
        .expect("ffprobe (Debian package ffmpeg) runs");
    let text = String::from_utf8_lossy(&probe.stdout);
    let mut sizes = text.trim().split(',').filter_map(|n| n.trim().parse().ok());
    (sizes.next().expect("a width"), sizes.next().expect("a height"))
}

fn ffmpeg(args: &[&str], to: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args)
        .arg(to)
        .status()
        .expect("ffmpeg (Debian package ffmpeg) runs");
    assert!(done.success(), "ffmpeg {args:?}");
}
