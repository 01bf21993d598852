//! Which way up a clip was filmed, from the display matrix of its container.

use transcoder_protocol::Turn;

/// One of the eight ways to lay a rectangle: an optional transposition, then flips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation {
    transpose: bool,
    flip_horizontally: bool,
    flip_vertically: bool,
}

impl Orientation {
    pub const UPRIGHT: Self =
        Self { transpose: false, flip_horizontally: false, flip_vertically: false };
    #[cfg(test)]
    pub const CLOCKWISE: Self =
        Self { transpose: true, flip_horizontally: true, flip_vertically: false };

    /// Reads libav's display matrix: nine 32-bit numbers in the machine's byte order, of which the first two of the first two
    /// rows turn (x, y) into (a·x + c·y, b·x + d·y), y pointing down. An angle in between is taken to the nearest quarter.
    pub fn from_display_matrix(matrix: &[u8]) -> Self {
        let cell = |index: usize| {
            matrix
                .get(4 * index..4 * index + 4)
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, |bytes| i64::from(i32::from_ne_bytes(bytes)))
        };
        let (a, b, c, d) = (cell(0), cell(1), cell(3), cell(4));
        if a.abs().max(d.abs()) >= b.abs().max(c.abs()) {
            Self { transpose: false, flip_horizontally: a < 0, flip_vertically: d < 0 }
        } else {
            Self { transpose: true, flip_horizontally: c < 0, flip_vertically: b < 0 }
        }
    }

    pub fn is_transposed(self) -> bool {
        self.transpose
    }

    /// The same in an operator's terms.
    pub fn turn(self) -> Turn {
        let (is_mirrored, degrees) =
            match (self.transpose, self.flip_horizontally, self.flip_vertically) {
                (false, false, false) => (false, 0),
                (false, true, false) => (true, 0),
                (false, false, true) => (true, 180),
                (false, true, true) => (false, 180),
                (true, false, false) => (true, 270),
                (true, true, false) => (false, 90),
                (true, false, true) => (false, 270),
                (true, true, true) => (true, 90),
            };
        Turn { is_mirrored, degrees }
    }

    /// The libavfilter filters that set the picture upright, in order.
    pub fn filters(self) -> &'static [&'static str] {
        match (self.transpose, self.flip_horizontally, self.flip_vertically) {
            (false, false, false) => &[],
            (false, true, false) => &["hflip"],
            (false, false, true) => &["vflip"],
            (false, true, true) => &["hflip", "vflip"],
            (true, false, false) => &["transpose=cclock_flip"],
            (true, true, false) => &["transpose=clock"],
            (true, false, true) => &["transpose=cclock"],
            (true, true, true) => &["transpose=clock_flip"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orientation(a: i32, b: i32, c: i32, d: i32) -> Orientation {
        let one = 1 << 16;
        let matrix = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30];
        let bytes: Vec<u8> = matrix.iter().flat_map(|cell: &i32| cell.to_ne_bytes()).collect();
        Orientation::from_display_matrix(&bytes)
    }

    #[test]
    fn the_eight_orientations_are_told_apart() {
        assert_eq!(orientation(1, 0, 0, 1), Orientation::UPRIGHT);
        assert_eq!(orientation(0, 1, -1, 0).filters(), ["transpose=clock"]);
        assert_eq!(orientation(-1, 0, 0, -1).filters(), ["hflip", "vflip"]);
        assert_eq!(orientation(0, -1, 1, 0).filters(), ["transpose=cclock"]);
        assert_eq!(orientation(-1, 0, 0, 1).filters(), ["hflip"]);
        assert_eq!(orientation(1, 0, 0, -1).filters(), ["vflip"]);
        assert_eq!(orientation(0, 1, 1, 0).filters(), ["transpose=cclock_flip"]);
        assert_eq!(orientation(0, -1, -1, 0).filters(), ["transpose=clock_flip"]);
    }

    #[test]
    fn a_short_or_empty_matrix_is_upright() {
        assert_eq!(Orientation::from_display_matrix(&[]), Orientation::UPRIGHT);
        assert_eq!(Orientation::from_display_matrix(&[1, 2, 3]), Orientation::UPRIGHT);
    }
}
