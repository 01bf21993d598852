//! How many frames a second are left.

use crate::media::{Studio, probed};

#[tokio::test]
async fn an_unsteady_clip_keeps_thirty_frames_a_second() {
    for rate in [31, 36, 40, 47] {
        let studio = Studio::open();
        let picture = format!("testsrc2=s=320x240:r={rate}:d=8,select='not(eq(mod(n,7),3))'");
        let arguments = format!(
            "-f lavfi -i {picture} -vsync passthrough -c:v libx264 -preset ultrafast -pix_fmt yuv420p"
        );
        let clip = studio.film("unsteady.mp4", &arguments);
        let made = studio.transcode(&clip).await;
        assert_eq!(made.output.renditions[0].frame_rate, 30.0, "{rate}");
        let frames = probed(&made.lowest(), "-select_streams v -show_entries packet=flags").len();
        assert!(frames.abs_diff(240) <= 3, "{rate}: {frames} frames");
    }
}
