//! The posting form: what was typed, what it means, and what is wrong with it. Pure.
//!
//! Reading never fails: what can't be used is named beside its field and the rest is kept, so that a draft saves itself whatever
//! is in it. Only [`Form::check_complete`] asks for what a submission needs.

use super::{
    AGE_MONTHS, ALT_CHARS, BODY_CHARS, Draft, PHOTOS, TAG_CHARS, TAGS, TITLE_CHARS, parse_tags,
};
use crate::http::Fields;
use crate::regions::Regions;
use crate::text;
use crate::time_id::PhotoId;
use unicode_normalization::UnicodeNormalization;
use web::compose::ComposeView;
use web::{FieldErrors, Given};

/// A filled-in form, read.
#[derive(Clone, Debug)]
pub struct Form {
    /// Of the draft that the form showed; 0 when it said none.
    pub version: i64,
    pub draft: Draft,
    pub errors: FieldErrors,
    /// As typed, to be shown again.
    pub typed: Typed,
}

#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub title: String,
    pub body: String,
    pub tags: String,
    pub age_from: String,
    pub age_to: String,
}

impl Form {
    /// Puts what was typed, and what is wrong with it, into the form that is shown again.
    pub fn fill(&self, view: &mut ComposeView) {
        view.title.clone_from(&self.typed.title);
        view.body.clone_from(&self.typed.body);
        view.tags.clone_from(&self.typed.tags);
        view.age_from.clone_from(&self.typed.age_from);
        view.age_to.clone_from(&self.typed.age_to);
        view.region = self.draft.region_id.clone().unwrap_or_default();
        view.errors = self.errors.clone();
    }

    pub fn read(fields: &Fields, regions: &Regions) -> Self {
        let mut errors = FieldErrors::default();
        let typed = Typed {
            title: text::line(fields.get("title")),
            body: text::paragraphs(fields.get("body")),
            tags: text::line(fields.get("tags")),
            age_from: fields.get("age_from").trim().to_owned(),
            age_to: fields.get("age_to").trim().to_owned(),
        };
        let title = within(&typed.title, TITLE_CHARS, "title", "error-title-long", &mut errors);
        let body = within(&typed.body, BODY_CHARS, "body", "error-body-long", &mut errors);
        let region_id = match fields.get("region") {
            "" => None,
            id if regions.find(id).is_some() => Some(id.to_owned()),
            _ => {
                errors.add("region", "error-region");
                None
            }
        };
        let age_from_months = age(&typed.age_from, "age_from", &mut errors);
        let mut age_to_months = age(&typed.age_to, "age_to", &mut errors);
        if let (Some(from), Some(to)) = (age_from_months, age_to_months)
            && from > to
        {
            errors.add("age_to", "error-age-order");
            age_to_months = None;
        }
        let mut tags = parse_tags(&typed.tags);
        if let Some(tag) = tags.iter().find(|tag| !tag.is_word()) {
            errors.add_naming(
                "tags",
                "error-tag-no-word",
                &[("tag", Given::Text(tag.label.clone()))],
            );
            tags.retain(|tag| tag.is_word());
        }
        if tags.iter().any(|tag| tag.label.chars().count() > TAG_CHARS) {
            errors.add_with("tags", "error-tag-long", TAG_CHARS as i64);
            tags.retain(|tag| tag.label.chars().count() <= TAG_CHARS);
        }
        if tags.len() > TAGS {
            errors.add_with("tags", "error-tags-many", TAGS as i64);
            tags.truncate(TAGS);
        }
        Self {
            version: fields.get("version").parse().unwrap_or(0),
            draft: Draft {
                title,
                body,
                region_id,
                tags,
                age_from_months,
                age_to_months,
                photos: photos(fields),
                cover: fields.get("cover").parse().ok(),
            },
            errors,
            typed,
        }
    }

    /// Names what a submission still lacks.
    pub fn check_complete(&mut self) {
        if text::is_blank(&self.draft.title) {
            self.errors.add("title", "error-title-empty");
        }
        if text::is_blank(&self.draft.body) {
            self.errors.add("body", "error-body-empty");
        }
        if self.draft.region_id.is_none() {
            self.errors.add("region", "error-region");
        }
    }
}

fn within(text: &str, most: usize, field: &str, key: &str, errors: &mut FieldErrors) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    errors.add_with(field, key, most as i64);
    text.chars().take(most).collect()
}

/// Months, 0 to [`AGE_MONTHS`], also in full-width digits.
fn age(typed: &str, field: &str, errors: &mut FieldErrors) -> Option<u16> {
    if typed.is_empty() {
        return None;
    }
    let months =
        typed.nfkc().collect::<String>().parse().ok().filter(|months| *months <= AGE_MONTHS);
    if months.is_none() {
        errors.add(field, "error-age-number");
    }
    months
}

/// The photos kept, in the order of `photos_order`, each with its `alt_{id}`.
fn photos(fields: &Fields) -> Vec<(PhotoId, String)> {
    let words = |id: &PhotoId| -> String {
        text::line(fields.get(&format!("alt_{id}"))).chars().take(ALT_CHARS).collect()
    };
    fields
        .get("photos_order")
        .split(',')
        .filter_map(|id| id.trim().parse::<PhotoId>().ok())
        .take(PHOTOS)
        .map(|id| (id, words(&id)))
        .collect()
}

/// The buttons of the form that aren't `save` or `submit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Save,
    Submit,
    PhotoRemove(PhotoId),
    PhotoUp(PhotoId),
    PhotoDown(PhotoId),
    VideoRemove,
    VideoRetry,
    /// Slow motion, or not.
    VideoMotion {
        is_slow: bool,
    },
}

impl Button {
    /// Anything unknown saves: the least surprising.
    pub fn read(value: &str) -> Self {
        let photo = |prefix: &str| value.strip_prefix(prefix).and_then(|id| id.parse().ok());
        match value {
            "submit" => Self::Submit,
            "video-remove" => Self::VideoRemove,
            "video-retry" => Self::VideoRetry,
            "video-slow" => Self::VideoMotion { is_slow: true },
            "video-as-filmed" => Self::VideoMotion { is_slow: false },
            _ => photo("photo-remove-")
                .map(Self::PhotoRemove)
                .or_else(|| photo("photo-up-").map(Self::PhotoUp))
                .or_else(|| photo("photo-down-").map(Self::PhotoDown))
                .unwrap_or(Self::Save),
        }
    }

    /// What it does to the order of the photos.
    pub fn rearrange(self, photos: &mut Vec<(PhotoId, String)>) {
        let place = |id: PhotoId| photos.iter().position(|(known, _)| *known == id);
        match self {
            Self::PhotoRemove(id) => photos.retain(|(known, _)| *known != id),
            Self::PhotoUp(id) => {
                if let Some(at @ 1..) = place(id) {
                    photos.swap(at, at - 1);
                }
            }
            Self::PhotoDown(id) => {
                if let Some(at) = place(id)
                    && at + 1 < photos.len()
                {
                    photos.swap(at, at + 1);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Form {
        let mut fields = Fields::default();
        for (name, value) in pairs {
            fields.add(name, (*value).to_owned());
        }
        Form::read(&fields, &Regions::default())
    }

    #[test]
    fn what_nobody_could_see_or_choose_is_no_title_and_no_tag() {
        for title in ["", "　", "\u{200b}", "\u{3164}\u{200d}", "\u{2060} \u{feff}"] {
            let mut form = read(&[("title", title), ("body", "\u{200b}")]);
            form.check_complete();
            assert!(form.errors.has("title") && form.errors.has("body"), "{title:?}");
        }
        for tags in [".", "..", "．", "離乳食 \u{3164}"] {
            let form = read(&[("tags", tags)]);
            assert!(form.errors.has("tags"), "{tags:?}");
            assert!(form.draft.tags.iter().all(|tag| tag.tag == "離乳食"), "{form:?}");
            assert_eq!(form.typed.tags, tags);
        }
        let form = read(&[("tags", "1.5歳 🍎 node.js")]);
        assert!(!form.errors.has("tags") && form.draft.tags.len() == 3, "{form:?}");
    }

    #[test]
    fn absurd_values_are_named_and_the_rest_is_kept() {
        let form = read(&[
            ("title", &"あ".repeat(81)),
            ("body", "本文"),
            ("region", "atlantis"),
            ("age_from", "-3"),
            ("age_to", "たくさん"),
            ("tags", &format!("短い {}", "長".repeat(21))),
            ("version", "x"),
        ]);
        let wrong: Vec<&str> = form.errors.fields().collect();
        assert_eq!(wrong, ["title", "region", "age_from", "age_to", "tags"]);
        assert_eq!(form.draft.body, "本文");
        assert_eq!(form.draft.tags.len(), 1);
        assert_eq!(form.typed.age_to, "たくさん");
        assert_eq!(form.version, 0);
    }

    #[test]
    fn full_width_digits_are_digits() {
        let form = read(&[("age_from", "７"), ("age_to", "１２")]);
        assert_eq!((form.draft.age_from_months, form.draft.age_to_months), (Some(7), Some(12)));
    }

    #[test]
    fn an_empty_form_saves_but_does_not_submit() {
        let mut form = read(&[]);
        assert!(form.errors.is_empty());
        form.check_complete();
        assert_eq!(form.errors.fields().collect::<Vec<_>>(), ["title", "body", "region"]);
    }

    #[test]
    fn a_photo_moves_by_its_buttons() {
        let clock = crate::time_id::Clock::System;
        let ids: Vec<PhotoId> = (0..3).map(|_| PhotoId::new(&clock)).collect();
        let mut photos: Vec<_> = ids.iter().map(|id| (*id, String::new())).collect();
        Button::read(&format!("photo-up-{}", ids[2])).rearrange(&mut photos);
        Button::read(&format!("photo-down-{}", ids[0])).rearrange(&mut photos);
        Button::read(&format!("photo-remove-{}", ids[1])).rearrange(&mut photos);
        assert_eq!(photos.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[2], ids[0]]);
    }
}
