//! Making clips, transcoding them, and looking at what came out.

use crafted::seen;
pub use crafted::seen::{complaints, decoded};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use transcoder_protocol::run::{TaskFailure, Update, run};
use transcoder_protocol::{Failure, Outline, Output, Task, VideoLimits, VideoOutput, VideoTask};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_megurumi-transcoder");

/// A folder for one test: made clips, and `out` for the transcoder.
pub struct Studio {
    pub folder: TempDir,
}

/// A transcoded clip.
pub struct Made {
    pub output: VideoOutput,
    folder: PathBuf,
    _studio: Option<Studio>,
}

impl Studio {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("out")).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes the file `name` by `ffmpeg` with these arguments, split at white space.
    pub fn film(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-nostdin"])
            .args(arguments.split_whitespace())
            .arg(&path)
            .status()
            .expect("ffmpeg is installed");
        assert!(status.success(), "ffmpeg {arguments}");
        path
    }

    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn task(&self, input: &Path, limits: VideoLimits) -> Task {
        let output = self.path("out");
        Task::Video(VideoTask { input: input.into(), output, limits, is_slow: false })
    }

    pub async fn try_with(&self, input: &Path, limits: VideoLimits) -> Result<Made, TaskFailure> {
        self.try_task(&self.task(input, limits)).await
    }

    /// As slow motion.
    pub async fn try_slowed(&self, input: &Path, limits: VideoLimits) -> Result<Made, TaskFailure> {
        let output = self.path("out");
        let task = VideoTask { input: input.into(), output, limits, is_slow: true };
        self.try_task(&Task::Video(task)).await
    }

    async fn try_task(&self, task: &Task) -> Result<Made, TaskFailure> {
        match run(Path::new(PROGRAM), task, |_| {}).await? {
            Output::Video(output) => Ok(Made { output, folder: self.path("out"), _studio: None }),
            Output::Photo(_) => panic!("asked for a video"),
        }
    }

    pub async fn transcode(&self, input: &Path) -> Made {
        self.try_with(input, VideoLimits::default()).await.unwrap()
    }

    /// Transcodes, and hears what was announced.
    pub async fn outlined(&self, input: &Path) -> (Outline, Made) {
        let task = self.task(input, VideoLimits::default());
        let mut heard = None;
        let listen = |update| {
            if let Update::Outline(outline) = update {
                heard = Some(outline);
            }
        };
        let Output::Video(output) = run(Path::new(PROGRAM), &task, listen).await.unwrap() else {
            panic!("asked for a video")
        };
        (heard.unwrap(), Made { output, folder: self.path("out"), _studio: None })
    }

    pub async fn refusal(&self, input: &Path) -> Failure {
        self.refusal_with(input, VideoLimits::default()).await
    }

    pub async fn refusal_with(&self, input: &Path, limits: VideoLimits) -> Failure {
        match self.try_with(input, limits).await {
            Ok(made) => panic!("was taken: {:?}", made.output),
            Err(TaskFailure { failure, .. }) => failure,
        }
    }
}

impl Made {
    /// Keeps the files, which otherwise go with their studio.
    pub fn keep(mut self, studio: Studio) -> Self {
        self._studio = Some(studio);
        self
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Every file that was made.
    pub fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    pub fn lowest(&self) -> PathBuf {
        self.path(&self.output.renditions[0].file)
    }

    pub fn highest(&self) -> PathBuf {
        self.path(&self.output.renditions.last().unwrap().file)
    }

    /// The colour at a place (0 to 1 each) of the first frame at or after `seconds`.
    pub fn colour(&self, seconds: f64, (x, y): (f64, f64)) -> [u8; 3] {
        let rendition = self.output.renditions.last().unwrap();
        let raw = decoded(&self.highest(), &format!("-ss {seconds}"), "-frames:v 1 -pix_fmt rgb24");
        let (width, height) = (rendition.width as usize, rendition.height as usize);
        assert_eq!(raw.len(), 3 * width * height);
        let column = (x * width as f64) as usize;
        let row = (y * height as f64) as usize;
        raw[3 * (row * width + column)..][..3].try_into().unwrap()
    }
}

impl Made {
    /// When white is first seen, in seconds.
    pub fn first_white(&self) -> f64 {
        let frames =
            decoded(&self.lowest(), "", "-map 0:v -vsync passthrough -vf scale=1:1,format=gray");
        let first = frames.iter().position(|&grey| grey > 128).expect("a white frame");
        first as f64 / self.output.renditions[0].frame_rate
    }

    /// Counted from the start, 48,000 a second.
    pub fn first_loud_sample(&self) -> usize {
        let samples = decoded(&self.lowest(), "", "-map 0:a -ac 1 -c:a pcm_s16le");
        samples
            .chunks_exact(2)
            .position(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() > 1500)
            .expect("a loud sample")
    }
}

impl Made {
    /// When it becomes white after black, each time, in seconds.
    pub fn flashes(&self) -> Vec<f64> {
        seen::flashes(&self.lowest(), self.output.renditions[0].frame_rate)
    }

    /// When it becomes loud after a tenth of a second of quiet, each time, in seconds.
    pub fn beeps(&self) -> Vec<f64> {
        seen::beeps(&self.lowest())
    }

    pub fn seconds(&self) -> f64 {
        self.output.duration_ms as f64 / 1000.0
    }
}

/// Waits for what is asynchronous, on a thread that is not.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What `ffprobe` prints for these arguments, one value a line.
pub fn probed(file: &Path, arguments: &str) -> Vec<String> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "default=nokey=1:noprint_wrappers=1"])
        .args(arguments.split_whitespace())
        .arg(file)
        .output()
        .expect("ffprobe is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

pub fn probed_number(file: &Path, arguments: &str) -> f64 {
    let lines = probed(file, arguments);
    lines[0].parse().unwrap_or_else(|_| panic!("{arguments}: {lines:?}"))
}

/// Whether a colour is near enough to survive two lossy codecs.
pub fn is_near(colour: [u8; 3], expected: [u8; 3]) -> bool {
    colour.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 40)
}

pub const RED: [u8; 3] = [255, 0, 0];
pub const BLUE: [u8; 3] = [0, 0, 255];
