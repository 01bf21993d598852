//! Every rule about who may do what. Pure: facts in, a proof or a refusal out.
//!
//! A [`Proof`] can be made only here. The statements that write ask for one, so a write whose rule was forgotten does not
//! compile. What may be *read* is a condition on the query, see `posts::visible_to`.

use super::viewer::{Account, AccountState, Role, Viewer};
use crate::error::Error;
use crate::time_id::AccountId;
use std::marker::PhantomData;

/// Evidence that `actor` may do `Verb`.
#[derive(Debug)]
pub struct Proof<Verb> {
    pub actor: AccountId,
    verb: PhantomData<Verb>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is logged in.
    Anonymous,
    /// As far as this viewer is concerned the thing does not exist.
    Hidden,
    /// The mail address is not confirmed yet.
    Unconfirmed,
    /// The account is suspended.
    Suspended,
    /// The thing is in a state in which this can't be done.
    WrongState,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Anonymous => Self::LoginNeeded,
            Refusal::Hidden => Self::NotFound,
            Refusal::Unconfirmed => Self::Refused("unconfirmed"),
            Refusal::Suspended => Self::Refused("suspended"),
            Refusal::WrongState => Self::Conflict("wrong state"),
        }
    }
}

macro_rules! verbs {
    ($($(#[$meta:meta])* $verb:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $verb;
    )+};
}
verbs! {
    /// Start a post or an upload.
    Write,
    /// Change, submit or withdraw a post of one's own, with its photos and video.
    EditPost,
    /// Say or take back a thank-you.
    Thank,
    /// Decide a review item.
    Review,
    /// Change one's own account.
    EditAccount,
    /// Change the words that the search knows.
    EditWords,
}

pub type Verdict<Verb> = Result<Proof<Verb>, Refusal>;

fn proof<Verb>(actor: AccountId) -> Verdict<Verb> {
    Ok(Proof { actor, verb: PhantomData })
}

/// An account in good standing: what every kind of writing in public needs.
fn writer(viewer: &Viewer) -> Result<&Account, Refusal> {
    let account = viewer.account().ok_or(Refusal::Anonymous)?;
    match account.state {
        AccountState::Active if account.is_confirmed => Ok(account),
        AccountState::Active => Err(Refusal::Unconfirmed),
        AccountState::Suspended | AccountState::Closed => Err(Refusal::Suspended),
    }
}

pub fn can_write(viewer: &Viewer) -> Verdict<Write> {
    proof(writer(viewer)?.id)
}

/// Only its author changes a post, moderators don't: they ask for changes. To everyone else its drafts do not exist.
pub fn can_edit_post(viewer: &Viewer, author: AccountId) -> Verdict<EditPost> {
    if !viewer.is(author) {
        return Err(if viewer.account().is_some() { Refusal::Hidden } else { Refusal::Anonymous });
    }
    proof(writer(viewer)?.id)
}

/// Anyone in good standing thanks for any published post but their own.
pub fn can_thank(viewer: &Viewer, author: AccountId, is_published: bool) -> Verdict<Thank> {
    if viewer.account().is_none() {
        return Err(Refusal::Anonymous);
    }
    if !is_published {
        return Err(Refusal::Hidden);
    }
    let account = writer(viewer)?;
    if account.id == author { Err(Refusal::WrongState) } else { proof(account.id) }
}

/// Active moderators and admins, never on their own work.
pub fn can_review(viewer: &Viewer, author: AccountId) -> Verdict<Review> {
    let account = viewer.account().ok_or(Refusal::Anonymous)?;
    if account.role < Role::Moderator || account.state != AccountState::Active {
        return Err(Refusal::Hidden);
    }
    if account.id == author { Err(Refusal::WrongState) } else { proof(account.id) }
}

/// How one revision uses a photo or video, as far as seeing it is concerned.
#[derive(Clone, Copy, Debug)]
pub struct MediaUse {
    /// It is what the public sees of a published post.
    pub is_public: bool,
    /// It was handed to the moderators: waits, or was decided.
    pub was_submitted: bool,
}

/// Who else may be given the bytes that this viewer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    /// Its author, or a moderator: for no shared cache.
    ThisViewer,
}

impl Audience {
    /// A public file may be hidden later: caches ask again after an hour.
    pub fn cache_control(self) -> axum::http::HeaderValue {
        axum::http::HeaderValue::from_static(match self {
            Self::Everyone => "public, max-age=3600",
            Self::ThisViewer => "private, max-age=600",
        })
    }
}

/// A file of a photo or video is for everyone when a published revision shows it; else for its owner, and for moderators once it
/// was submitted. For anyone else it does not exist.
pub fn media_audience(
    viewer: &Viewer,
    owner: AccountId,
    mut uses: impl Iterator<Item = MediaUse> + Clone,
) -> Result<Audience, Refusal> {
    if uses.clone().any(|used| used.is_public) {
        return Ok(Audience::Everyone);
    }
    let is_for_moderators = viewer.is_moderator() && uses.any(|used| used.was_submitted);
    if viewer.is(owner) || is_for_moderators {
        Ok(Audience::ThisViewer)
    } else {
        Err(Refusal::Hidden)
    }
}

/// One's own account, suspended or not.
pub fn can_edit_account(viewer: &Viewer, account: AccountId) -> Verdict<EditAccount> {
    if viewer.is(account) { proof(account) } else { Err(Refusal::Hidden) }
}

/// Active admins: they look after the site.
pub fn can_edit_words(viewer: &Viewer) -> Verdict<EditWords> {
    let account = viewer.account().ok_or(Refusal::Anonymous)?;
    if viewer.is_admin() { proof(account.id) } else { Err(Refusal::Hidden) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_id::{Clock, SessionId};
    use std::sync::Arc;

    fn viewer(role: Role, state: AccountState, is_confirmed: bool) -> Viewer {
        let clock = Clock::System;
        Viewer::Account(Arc::new(Account {
            id: AccountId::new(&clock),
            session_id: SessionId::new(&clock),
            nickname: "はなこ".into(),
            email: "hanako@example.jp".into(),
            role,
            state,
            trust_level: 0,
            region_id: None,
            language: "ja".into(),
            is_confirmed,
        }))
    }

    fn someone() -> AccountId {
        AccountId::new(&Clock::System)
    }

    #[test]
    fn only_active_confirmed_accounts_write() {
        use {AccountState::*, Role::Member};
        assert!(can_write(&viewer(Member, Active, true)).is_ok());
        assert_eq!(can_write(&viewer(Member, Active, false)).unwrap_err(), Refusal::Unconfirmed);
        assert_eq!(can_write(&viewer(Member, Suspended, true)).unwrap_err(), Refusal::Suspended);
        assert_eq!(can_write(&Viewer::Anonymous).unwrap_err(), Refusal::Anonymous);
    }

    #[test]
    fn a_moderator_cannot_edit_anothers_post() {
        let moderator = viewer(Role::Moderator, AccountState::Active, true);
        assert_eq!(can_edit_post(&moderator, someone()).unwrap_err(), Refusal::Hidden);
    }

    #[test]
    fn nobody_reviews_their_own_work() {
        let moderator = viewer(Role::Moderator, AccountState::Active, true);
        let own = moderator.id().unwrap();
        assert_eq!(can_review(&moderator, own).unwrap_err(), Refusal::WrongState);
        assert!(can_review(&moderator, someone()).is_ok());
    }

    #[test]
    fn to_a_member_the_review_queue_does_not_exist() {
        let member = viewer(Role::Member, AccountState::Active, true);
        assert_eq!(can_review(&member, someone()).unwrap_err(), Refusal::Hidden);
        let suspended = viewer(Role::Moderator, AccountState::Suspended, true);
        assert_eq!(can_review(&suspended, someone()).unwrap_err(), Refusal::Hidden);
    }

    #[test]
    fn only_active_admins_change_the_searchs_words() {
        use AccountState::{Active, Suspended};
        assert!(can_edit_words(&viewer(Role::Admin, Active, true)).is_ok());
        for other in [viewer(Role::Moderator, Active, true), viewer(Role::Admin, Suspended, true)] {
            assert_eq!(can_edit_words(&other).unwrap_err(), Refusal::Hidden);
        }
        assert_eq!(can_edit_words(&Viewer::Anonymous).unwrap_err(), Refusal::Anonymous);
    }

    #[test]
    fn nobody_thanks_themselves_or_for_what_is_not_published() {
        let member = viewer(Role::Member, AccountState::Active, true);
        assert!(can_thank(&member, someone(), true).is_ok());
        assert_eq!(can_thank(&member, someone(), false).unwrap_err(), Refusal::Hidden);
        assert_eq!(
            can_thank(&member, member.id().unwrap(), true).unwrap_err(),
            Refusal::WrongState
        );
    }
}
