//! The few places where ffmpeg-next has no safe face for what we need of libav. All `unsafe` of the video side is here and in `parameters`.

mod parameters;

pub use parameters::{
    codec_tag, colours, h264_parameters, parameters_extradata, picture_facts, pixel_format_name,
    sound_facts,
};

use super::plan::Ratio;
use super::probe::ratio;
use crate::refusal::Refusal;
use ff::codec::packet::{Mut, Packet};
use ff::ffi;
use ffmpeg_next as ff;
use std::ffi::{CStr, c_int};
use transcoder_protocol::Failure;

/// libav's name of the container format whose first bytes are `head`, and how sure it is (0 to 100). No name is looked at.
pub fn recognise(head: &[u8]) -> (String, i32) {
    // libav reads a little past the end.
    let mut padded = head.to_vec();
    padded.resize(head.len() + ffi::AVPROBE_PADDING_SIZE as usize, 0);
    let data = ffi::AVProbeData {
        filename: c"".as_ptr(),
        buf: padded.as_mut_ptr(),
        buf_size: head.len() as c_int,
        mime_type: std::ptr::null(),
    };
    let mut score = 0;
    // SAFETY: `data` and what it points to live through the call; the returned format is static.
    unsafe {
        let format = ffi::av_probe_input_format3(&data, 1, &mut score);
        if format.is_null() {
            return ("nothing".into(), 0);
        }
        (CStr::from_ptr((*format).name).to_string_lossy().into_owned(), score)
    }
}

/// Names and values of what a file says of itself and of its tracks. The bytes are the file's own and need be no text.
pub fn tags(input: &ff::format::context::Input) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    // SAFETY: the context and its streams are live, and so are their dictionaries, which nobody changes meanwhile.
    unsafe {
        let context = &*input.as_ptr();
        let streams = (0..context.nb_streams as usize).map(|index| *context.streams.add(index));
        let of_streams = streams.map(|stream| (*stream).metadata);
        for dictionary in std::iter::once(context.metadata).chain(of_streams) {
            let mut last = std::ptr::null_mut();
            loop {
                let all = ffi::AV_DICT_IGNORE_SUFFIX;
                last = ffi::av_dict_get(dictionary, c"".as_ptr(), last, all);
                if last.is_null() {
                    break;
                }
                let text = |bytes| CStr::from_ptr(bytes).to_string_lossy().into_owned();
                tags.push((text((*last).key), text((*last).value)));
            }
        }
    }
    tags
}

/// The container's word on the shape of a pixel, which players prefer to the codec's.
pub fn stream_pixel_aspect(stream: &ff::Stream<'_>) -> Option<Ratio> {
    // SAFETY: the stream is valid as long as its input.
    unsafe { ratio((*stream.as_ptr()).sample_aspect_ratio.into()) }
}

/// The next packet in place of the one before, which libav would forget without letting go of its bytes.
pub fn read(input: &mut ff::format::context::Input, packet: &mut Packet) -> Result<(), ff::Error> {
    // SAFETY: the packet is live; afterwards it is an empty one.
    unsafe { ffi::av_packet_unref(packet.as_mut_ptr()) };
    packet.read(input)
}

/// Leaves all tracks but these unread.
pub fn read_only(input: &mut ff::format::context::Input, wanted: &[usize]) {
    // SAFETY: each index is below the number of streams.
    unsafe {
        for index in 0..input.nb_streams() as usize {
            if !wanted.contains(&index) {
                let stream = *(*input.as_mut_ptr()).streams.add(index);
                (*stream).discard = ffi::AVDiscard::AVDISCARD_ALL;
            }
        }
    }
}

/// Writes neither the muxer's name nor the time into the file.
pub fn be_anonymous(output: &mut ff::format::context::Output) {
    // SAFETY: plain flags of a live context.
    unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_BITEXACT as c_int };
}

/// Ends the fragment: everything written so far leaves the muxer.
pub fn flush_fragment(output: &mut ff::format::context::Output) -> Result<(), ff::Error> {
    // SAFETY: a null packet is libav's way to say flush; the context is live.
    unsafe {
        match ffi::av_write_frame(output.as_mut_ptr(), std::ptr::null_mut()) {
            code if code < 0 => Err(ff::Error::from(code)),
            _ => {
                ffi::avio_flush((*output.as_mut_ptr()).pb);
                Ok(())
            }
        }
    }
}

/// What the muxer has buffered goes to the writer.
pub fn flush_bytes(output: &mut ff::format::context::Output) {
    // SAFETY: the context is live and has a writer.
    unsafe { ffi::avio_flush((*output.as_mut_ptr()).pb) };
}

/// The codec's set-up bytes (for H.264 with global header: parameter sets).
pub fn extradata(context: &ff::codec::Context) -> Vec<u8> {
    // SAFETY: libav keeps pointer and size in step.
    unsafe {
        let context = &*context.as_ptr();
        match usize::try_from(context.extradata_size) {
            Ok(size) if size > 0 && !context.extradata.is_null() => {
                std::slice::from_raw_parts(context.extradata, size).to_vec()
            }
            _ => Vec::new(),
        }
    }
}

/// What a limit of ours refuses is `TooHeavy`, a full disk `NoRoom`; anything else is `failure`.
///
/// For errors of calls that have nothing to wait for: there `EAGAIN` says that a thread could not be started. `ENOMEM` is
/// for more than libav gives at once; less, where there is none, ends the process (see `sandbox::memory`).
pub fn refusal(error: ff::Error, failure: Failure, step: &str) -> Refusal {
    use libc::{EAGAIN, EDQUOT, EFBIG, ENOMEM, ENOSPC};
    let failure = match error {
        ff::Error::Other { errno: ENOMEM | EAGAIN | EFBIG } => Failure::TooHeavy,
        ff::Error::Other { errno: ENOSPC | EDQUOT } => Failure::NoRoom,
        _ => failure,
    };
    Refusal::new(failure, format!("{step}: {error}"))
}

/// A frame that only says how many channels it has gets their usual order.
pub fn ensure_channel_layout(frame: &mut ff::frame::Audio) {
    // SAFETY: the frame is live; the layout written is a plain one that owns nothing.
    unsafe {
        let frame = frame.as_mut_ptr();
        if (*frame).ch_layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_UNSPEC {
            let channels = (*frame).ch_layout.nb_channels.max(1);
            ffi::av_channel_layout_default(&mut (*frame).ch_layout, channels);
        }
    }
}

/// A sound frame's kind, as the `abuffer` filter takes it.
pub fn sound_shape(frame: &ff::frame::Audio, time_base: ff::Rational) -> String {
    let mut layout = [0; 128];
    // SAFETY: libav writes at most the given size and ends it with a zero, also when it cuts.
    let layout = unsafe {
        let source = &(*frame.as_ptr()).ch_layout;
        ffi::av_channel_layout_describe(source, layout.as_mut_ptr(), layout.len());
        CStr::from_ptr(layout.as_ptr()).to_string_lossy().into_owned()
    };
    format!(
        "sample_rate={}:sample_fmt={}:channel_layout={layout}:time_base={}/{}",
        frame.rate(),
        frame.format().name(),
        time_base.numerator(),
        time_base.denominator(),
    )
}

/// From here on a resampler gives so many samples more for every `distance` that it gives, or fewer, below zero.
pub fn compensate(
    context: &mut ff::software::resampling::Context,
    more: c_int,
    distance: c_int,
) -> Result<(), ff::Error> {
    // SAFETY: the context is live and initialised.
    match unsafe { ffi::swr_set_compensation(context.as_mut_ptr(), more, distance) } {
        code if code < 0 => Err(ff::Error::from(code)),
        _ => Ok(()),
    }
}

/// Encoder quality of one frame, 1 (best) to 31.
pub fn set_quality(frame: &mut ff::frame::Video, quality: i32) {
    // SAFETY: plain field of a live frame.
    unsafe { (*frame.as_mut_ptr()).quality = quality * ffi::FF_QP2LAMBDA };
}

/// Whether the decoder had to make something up for the frame.
pub fn is_patched(frame: &ff::frame::Video) -> bool {
    // SAFETY: plain fields of a live frame.
    unsafe {
        let frame = &*frame.as_ptr();
        frame.decode_error_flags != 0 || frame.flags & ffi::AV_FRAME_FLAG_CORRUPT as c_int != 0
    }
}

/// Whether the file has been read to its end.
pub fn is_at_end(input: &ff::format::context::Input) -> bool {
    // SAFETY: the input is live and has a reader.
    unsafe { ffi::avio_feof((*input.as_ptr()).pb) != 0 }
}

/// Whether an edit list cuts the packet out of the clip. It is decoded, because others may refer to it, but not shown.
pub fn is_cut_away(packet: &ff::codec::packet::Packet) -> bool {
    use ff::codec::packet::Ref;
    // SAFETY: plain field of a live packet.
    unsafe { (*packet.as_ptr()).flags & ffi::AV_PKT_FLAG_DISCARD as c_int != 0 }
}

/// The same picture once more, without copying it. A filter's input takes away what it is given.
pub fn share(frame: &ff::frame::Video) -> ff::frame::Video {
    let mut shared = ff::frame::Video::empty();
    // SAFETY: both frames are live and the new one is empty. It can fail only for want of memory, which ends the process.
    unsafe { ffi::av_frame_ref(shared.as_mut_ptr(), frame.as_ptr()) };
    shared
}

/// Takes off a frame what hangs on it beside its picture or its sound: captions, time codes, profiles, what a camera tells of
/// itself; all but the kinds that are `kept`. Filters hand it on, and encoders put some of it into what they make.
pub fn strip(frame: &mut ff::Frame, kept: &[ffi::AVFrameSideDataType]) {
    // SAFETY: the frame is live; libav keeps list and length in step, and what is removed is in the list.
    unsafe {
        let frame = frame.as_mut_ptr();
        let count = usize::try_from((*frame).nb_side_data).unwrap_or(0);
        let kinds: Vec<_> =
            (0..count).map(|index| (*(*(*frame).side_data.add(index))).type_).collect();
        for kind in kinds.into_iter().filter(|kind| !kept.contains(kind)) {
            ffi::av_frame_remove_side_data(frame, kind);
        }
        ffi::av_dict_free(&mut (*frame).metadata);
    }
}

/// The file's length as its header says, in seconds.
pub fn stated_seconds(input: &ff::format::context::Input) -> Option<f64> {
    use ffi::AVDurationEstimationMethod::AVFMT_DURATION_FROM_STREAM;
    // SAFETY: plain field of a live context.
    let method = unsafe { (*input.as_ptr()).duration_estimation_method };
    (method == AVFMT_DURATION_FROM_STREAM && input.duration() > 0)
        .then(|| input.duration() as f64 / f64::from(ffi::AV_TIME_BASE))
}
