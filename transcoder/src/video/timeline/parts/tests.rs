use super::*;

const PICTURE: usize = 0;
const SOUND: usize = 1;
const FRAME: i64 = SECOND / 25;

/// Packets as they come in a file: track and stamp.
type File = Vec<(usize, Stamp)>;

fn stamp(time: i64) -> Stamp {
    let time = time.rem_euclid(WRAP);
    Stamp { decoded: Some(time), shown: Some(time), duration: FRAME }
}

/// So many seconds of both tracks from this time on, the sound `late`, in ticks, and some packets behind in the file.
fn film(start: i64, seconds: i64, late: i64) -> File {
    const BEHIND: i64 = 8;
    let frames = seconds * 25;
    let mut file = Vec::new();
    for number in 0..frames + BEHIND {
        if number < frames {
            file.push((PICTURE, stamp(start + number * FRAME)));
        }
        if number >= BEHIND {
            file.push((SOUND, stamp(start + late + (number - BEHIND) * FRAME)));
        }
    }
    file
}

/// When each packet is in the end, by track, and where each track ends.
fn placed(file: &File) -> ([Vec<Option<i64>>; 2], Vec<i64>) {
    let mut parts = Parts::new(2);
    file.iter().for_each(|(track, stamp)| parts.add(*track, *stamp));
    let Placed { shifts, ends } = parts.place();
    let mut times = [Vec::new(), Vec::new()];
    for (track, stamp) in file {
        let number = times[*track].len();
        let (_, shift) = shifts[*track].iter().rfind(|(first, _)| *first <= number).unwrap();
        times[*track].push(stamp.shown.zip(*shift).map(|(shown, shift)| shown + shift));
    }
    (times, ends)
}

/// That both tracks go on from packet to packet, and the sound is late by the same everywhere.
#[track_caller]
fn is_whole(file: &File, seconds: i64, late: i64) {
    let ([picture, sound], ends) = placed(file);
    assert_eq!(picture.len() as i64, seconds * 25);
    for (number, (seen, heard)) in picture.iter().zip(&sound).enumerate() {
        assert_eq!(heard.unwrap() - seen.unwrap(), late, "frame {number}");
    }
    for pair in picture.windows(2) {
        assert_eq!(pair[1].unwrap() - pair[0].unwrap(), FRAME);
    }
    let first = picture[0].unwrap().min(sound[0].unwrap());
    assert_eq!((first, ends[PICTURE] - picture[0].unwrap()), (0, seconds * SECOND));
}

#[test]
fn one_clock_stays_as_it_is() {
    is_whole(&film(0, 10, 0), 10, 0);
    is_whole(&film(127 * SECOND, 10, SECOND / 10), 10, SECOND / 10);
}

#[test]
fn a_clock_that_begins_anew_goes_on() {
    for late in [0, SECOND / 10, -SECOND / 5] {
        let part = || film(SECOND / 2, 15, late);
        is_whole(&[part(), part(), part()].concat(), 45, late);
    }
    // As short as what lies between picture and sound in the file.
    is_whole(&[film(0, 1, 0), film(0, 1, 0), film(0, 1, 0)].concat(), 3, 0);
}

#[test]
fn a_clock_that_jumps_ahead_goes_on() {
    for ahead in [3, 95, 1000, 40_000, 80_000] {
        is_whole(&[film(0, 5, 0), film((5 + ahead) * SECOND, 5, 0)].concat(), 10, 0);
    }
    let restarted = [film(9_000 * SECOND, 5, 0), film(0, 5, 0), film(9_005 * SECOND, 5, 0)];
    is_whole(&restarted.concat(), 15, 0);
}

#[test]
fn a_clock_that_wraps_goes_on() {
    for before in [1, 3 * SECOND, 5 * SECOND - FRAME / 2] {
        is_whole(&film(WRAP - before, 10, 0), 10, 0);
        is_whole(&[film(0, 4, 0), film(WRAP - before, 6, 0), film(0, 4, 0)].concat(), 14, 0);
    }
}

#[test]
fn sound_that_is_missing_for_a_while_stays_missing() {
    let gap = 4 * SECOND..9 * SECOND;
    let mut file = film(0, 15, 0);
    file.retain(|(track, stamp)| *track == PICTURE || !gap.contains(&stamp.shown.unwrap()));
    let ([picture, sound], _) = placed(&file);
    let sound: Vec<i64> = sound.into_iter().flatten().collect();
    assert_eq!(sound.len(), 250);
    assert!(sound.iter().all(|time| !gap.contains(time) && time % FRAME == 0));
    assert_eq!(picture.last(), Some(&Some(15 * SECOND - FRAME)));
}

#[test]
fn a_part_without_sound_and_one_without_picture_keep_their_place() {
    let only = |track: usize, file: File| -> File {
        file.into_iter().filter(|(of, _)| *of == track).collect()
    };
    let file = [film(0, 5, 0), only(PICTURE, film(0, 5, 0)), film(0, 5, 0)].concat();
    let ([picture, sound], ends) = placed(&file);
    assert_eq!((picture[250], sound[125]), (Some(10 * SECOND), Some(10 * SECOND)));
    assert_eq!(ends, [15 * SECOND, 15 * SECOND]);
    let file = [film(0, 5, 0), only(SOUND, film(0, 5, 0)), film(0, 5, 0)].concat();
    assert_eq!(placed(&file).0[PICTURE][125], Some(10 * SECOND));
}

#[test]
fn a_single_wrong_time_is_none() {
    for wrong in [1000 * SECOND, 2 * SECOND, WRAP - 1] {
        let mut file = film(0, 10, 0);
        let mut pictures = file.iter_mut().filter(|(track, _)| *track == PICTURE);
        pictures.nth(150).unwrap().1 = stamp(wrong);
        let ([picture, _], ends) = placed(&file);
        assert_eq!(picture.iter().filter(|time| time.is_none()).count(), 1);
        assert_eq!(picture.last(), Some(&Some(10 * SECOND - FRAME)));
        assert_eq!(ends, [10 * SECOND, 10 * SECOND]);
    }
}

#[test]
fn pictures_that_say_little_keep_their_place() {
    // One of fifteen says when it is shown, as on a DVD.
    let part = || -> File {
        let mut part = film(SECOND / 2, 5, 0);
        let pictures = part.iter_mut().filter(|(track, _)| *track == PICTURE);
        for (number, (_, stamp)) in pictures.enumerate() {
            let shown = stamp.shown.map(|shown| shown + FRAME);
            stamp.shown = shown.filter(|_| number % 15 == 0);
            stamp.decoded = stamp.decoded.filter(|_| number % 15 != 7);
        }
        part
    };
    let (_, ends) = placed(&[part(), part(), part()].concat());
    assert_eq!(ends[PICTURE], 15 * SECOND + FRAME);
}
