//! Our drawings: the mark, the icons (24-unit grid, one stroke) and the scenes of `art/`. All decorative: hidden from assistive technology; what they
//! mean stands beside them in words.

use std::borrow::{Borrow, Cow};
use std::fmt;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};

use crate::html::Markup;
use crate::vocabulary::{Kind, Season};

macro_rules! icon {
    ($($path:literal),+) => { concat!($("<path d=\"", $path, "\"/>",)+) };
}

/// An icon's strokes.
///
/// # Panics
/// For a name without a drawing, which the render tests find.
fn strokes(name: &str) -> &'static str {
    match name {
        "home" => icon!("m4 11 8-7 8 7v8a1 1 0 0 1-1 1h-5v-6h-4v6H5a1 1 0 0 1-1-1Z"),
        "search" => icon!("M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z", "m20.500 20.500-4.500-4.500"),
        "plus" => icon!("M12 5v14M5 12h14"),
        "bell" => icon!("M6 17v-6a6 6 0 0 1 12 0v6l1.500 2h-15Z", "M10 21.500h4"),
        "person" => icon!("M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z", "M4 21c0-4 3.600-6 8-6s8 2 8 6"),
        "recipe" => icon!(
            "M4 11h16c0 5-3.500 8-8 8s-8-3-8-8Z",
            "M9 7c0-2 1.500-2 1.500-4M13.500 7c0-2 1.500-2 1.500-4"
        ),
        "activity" => icon!(
            "M5 12h5a1.500 1.500 0 0 1 1.500 1.500v5A1.500 1.500 0 0 1 10 20H5a1.500 1.500 0 0 1-1.500-1.500v-5A1.500 1.500 0 0 1 5 12Z",
            "M14 12h5a1.500 1.500 0 0 1 1.500 1.500v5A1.500 1.500 0 0 1 19 20h-5a1.500 1.500 0 0 1-1.500-1.500v-5A1.500 1.500 0 0 1 14 12Z",
            "m12 3 4 6.500H8Z"
        ),
        "tip" => icon!(
            "M9 18h6M10 21h4M12 3a6 6 0 0 1 3.500 10.800c-.9.700-1 1.400-1 2.200h-5c0-.8-.1-1.500-1-2.200A6 6 0 0 1 12 3Z"
        ),
        "question" => icon!(
            "M20 12c0 4-3.600 7-8 7-1 0-2-.1-2.900-.4L4 20l1.200-3.600A6.500 6.500 0 0 1 4 12c0-4 3.600-7 8-7s8 3 8 7Z",
            "M8.500 12h.01M12 12h.01M15.500 12h.01"
        ),
        "heart" => icon!(
            "M12 20C5 15 4 10.500 7 8c2.200-1.800 4.200-.5 5 1.500.8-2 2.800-3.300 5-1.500 3 2.500 2 7-5 12Z"
        ),
        "share" => icon!("M12 15V4M8 7.500 12 4l4 3.500", "M6 11H5v9h14v-9h-1"),
        "print" => icon!("M7 9V4h10v5", "M7 17H4V9.500h16V17h-3", "M7 14h10v6H7Z"),
        "check" => icon!("m5 12.500 4.500 4.500L19 7.500"),
        "shield" => icon!(
            "M12 3.500 5 6v6c0 4.500 3 7 7 8.500 4-1.500 7-4 7-8.500V6Z",
            "m9 12 2.200 2.200L15.200 10"
        ),
        "camera" => icon!(
            "M4 8h3.500L9 5.500h6L16.500 8H20v11H4Z",
            "M15.500 13a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0Z"
        ),
        "video" => icon!("M3.500 7h11v10h-11Z", "m14.500 11 6-3v8l-6-3"),
        "captions" => icon!(
            "M3.500 6h17v12h-17Z",
            "M7 11.500h4M13.500 11.500h3.500M7 14.500h2.500M12 14.500h5"
        ),
        "close" => icon!("m6 6 12 12M18 6 6 18"),
        "up" => icon!("M12 19V5M6.500 10.500 12 5l5.500 5.500"),
        "down" => icon!("M12 5v14M6.500 13.500 12 19l5.500-5.500"),
        "left" => icon!("M14.500 5.500 8 12l6.500 6.500"),
        "right" => icon!("M9.500 5.500 16 12l-6.500 6.500"),
        "pencil" => icon!("M5 19l1-4L16.500 4.500l3 3L9 18Z", "m14 7 3 3"),
        "clock" => icon!("M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z", "M12 7.500V12l3 2"),
        "pin" => icon!(
            "M12 21c-4-4.500-6-7.500-6-10.500a6 6 0 0 1 12 0C18 13.500 16 16.500 12 21Z",
            "M14 10.500a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z"
        ),
        "tag" => icon!("M4 4h7l9 9-7 7-9-9Z", "M8 8h.01"),
        "mail" => icon!("M4 6h16v12H4Z", "m4 7 8 6 8-6"),
        "gear" => icon!(
            "M4 7h9M17 7h3M4 17h3M11 17h9",
            "M17 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM11 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z"
        ),
        "warning" => icon!("M12 4 2.800 20h18.400Z", "M12 10v4.500M12 17.300h.01"),
        "log" => icon!("M6 4h12v16H6Z", "M9 8.500h6M9 12h6M9 15.500h3.500"),
        "leaf" => icon!("M5 19C4 10 9 5 20 4c0 10-4.500 15.500-12 14", "M5 20c2-5 5-8 9-10"),
        other => panic!("no icon is called {other:?}"),
    }
}

/// An icon drawn where it stands.
pub(crate) fn icon(name: impl AsRef<str>) -> Icon {
    Icon(strokes(name.as_ref()))
}

pub(crate) fn kind_icon(kind: impl Borrow<Kind>) -> Icon {
    icon(kind.borrow().slug())
}

/// Written out by its strokes.
pub(crate) struct Icon(&'static str);

impl FastWritable for Icon {
    fn write_into(&self, page: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        page.write_str("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">")?;
        page.write_str(self.0)?;
        Ok(page.write_str("</svg>")?)
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES).map_err(|_| fmt::Error)
    }
}

impl HtmlSafe for Icon {}

/// The icons of cards: a list draws each once, in its [`card_icons`], and shows it in every card.
macro_rules! card_icons {
    ($($name:literal),+) => {
        pub(crate) fn card_icons() -> Markup {
            let mut drawn = String::from("<svg class=\"stock\" aria-hidden=\"true\">");
            for name in [$($name),+] {
                let strokes = strokes(name);
                drawn += &format!("<symbol id=\"i-{name}\" viewBox=\"0 0 24 24\">{strokes}</symbol>");
            }
            drawn += "</svg>";
            Markup(Cow::Owned(drawn))
        }

        /// # Panics
        /// For an icon that no card has, which the render tests find.
        pub(crate) fn card_icon(name: impl AsRef<str>) -> Markup {
            Markup(Cow::Borrowed(match name.as_ref() {
                $($name => concat!(
                    "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-", $name, "\"/></svg>"
                ),)+
                other => panic!("no card has the icon {other:?}"),
            }))
        }
    };
}
card_icons!("recipe", "activity", "tip", "question", "heart");

pub(crate) fn mark() -> Markup {
    Markup(Cow::Borrowed(include_str!("../art/mark.svg")))
}

pub(crate) fn season(season: impl Borrow<Season>) -> Markup {
    Markup(Cow::Borrowed(match season.borrow() {
        Season::Spring => include_str!("../art/spring.svg"),
        Season::Summer => include_str!("../art/summer.svg"),
        Season::Autumn => include_str!("../art/autumn.svg"),
        Season::Winter => include_str!("../art/winter.svg"),
    }))
}

/// # Panics
/// For a name without a drawing, which the render tests find.
pub(crate) fn scene(name: impl AsRef<str>) -> Markup {
    Markup(Cow::Borrowed(match name.as_ref() {
        "lost" => include_str!("../art/lost.svg"),
        "broken" => include_str!("../art/broken.svg"),
        "offline" => include_str!("../art/offline.svg"),
        "empty" => include_str!("../art/empty.svg"),
        "done" => include_str!("../art/done.svg"),
        "mail" => include_str!("../art/mail.svg"),
        "closed" => include_str!("../art/closed.svg"),
        other => panic!("no scene is called {other:?}"),
    }))
}
