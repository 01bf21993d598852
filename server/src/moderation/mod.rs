//! Review (確認): everything the public may see was approved here first.
//!
//! An [`Item`] is one submission of one subject (today a revision) that wants a decision. Whoever submits again gets a new item;
//! the old one stays with its decision.
//!
//! ```text
//! waiting → decided                (approve, request_changes, reject)
//! waiting → withdrawn              (its author took it back)
//! waiting → claimed, escalated     (kept in the schema for claims and second review; nothing leads there yet)
//! ```
//!
//! Invariants
//! - [`allowed_actions`] is the one list of what a viewer may do with an item; it draws the buttons and [`authorise`] gates with it.
//! - An item is decided once: the write names the version that its moderator saw. Whoever comes second gets the newer state.
//! - Decision, audit row, notice, mail and what becomes of the revision commit together.
//! - A subject has at most one open item.
//! - To moderators a draft is as private as to anyone: an item whose revision is being rewritten shows no content.
//!
//! Not here: what a decision does to a post (`posts::actions`), how its author hears of it (`notifications`).

pub mod actions;
pub mod audit;
pub mod operator;
pub mod pages;
mod sql;
mod views;

pub use actions::{enqueue_review, withdraw_review};

use crate::access::Viewer;
use crate::access::policy::{self, Proof, Refusal, Review};
use crate::db::{Read, Result};
use crate::text_enum;
use crate::time_id::{AccountId, ReviewItemId, RevisionId, Timestamp};

/// The edition of the rules that decisions are made by; kept with each row of the record.
pub const POLICY_VERSION: &str = "2026-11";

pub const NOTE_CHARS: usize = 1000;

text_enum! {
    pub enum ItemState {
        Waiting = "waiting",
        /// A moderator is at it.
        Claimed = "claimed",
        /// Waits for a second person.
        Escalated = "escalated",
        Decided = "decided",
        /// Its author took the submission back.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// What kind of thing an item or a row of the record is about; the id beside it names which one.
    pub enum SubjectKind {
        Revision = "revision",
        Account = "account",
        /// A group of words or a word of the site's own, see `words`.
        Words = "words",
    }
}

text_enum! {
    /// What a moderator does with an item.
    pub enum Action {
        Approve = "approve",
        RequestChanges = "request_changes",
        Reject = "reject",
    }
}

impl Action {
    /// Its author must learn why.
    pub fn needs_reason(self) -> bool {
        !matches!(self, Self::Approve)
    }
}

text_enum! {
    /// Why something can't be published as it is. The words are the web's: `reason-…` and how to fix it.
    pub enum Reason {
        PersonalInformation = "personal-information",
        OtherChildren = "other-children",
        Allergens = "allergens",
        AgeHazard = "age-hazard",
        MedicalClaim = "medical-claim",
        Advertising = "advertising",
        Copyright = "copyright",
        Abuse = "abuse",
        Quality = "quality",
        OutOfRegion = "out-of-region",
    }
}

impl From<Reason> for web::Reason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::PersonalInformation => Self::PersonalInformation,
            Reason::OtherChildren => Self::OtherChildren,
            Reason::Allergens => Self::Allergens,
            Reason::AgeHazard => Self::AgeHazard,
            Reason::MedicalClaim => Self::MedicalClaim,
            Reason::Advertising => Self::Advertising,
            Reason::Copyright => Self::Copyright,
            Reason::Abuse => Self::Abuse,
            Reason::Quality => Self::Quality,
            Reason::OutOfRegion => Self::OutOfRegion,
        }
    }
}

impl From<Action> for web::Decision {
    fn from(action: Action) -> Self {
        match action {
            Action::Approve => Self::Approve,
            Action::RequestChanges => Self::RequestChanges,
            Action::Reject => Self::Reject,
        }
    }
}

/// One submission that wants, or had, a decision.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: ReviewItemId,
    pub subject_kind: SubjectKind,
    pub subject_id: String,
    pub author_id: AccountId,
    pub state: ItemState,
    /// Higher is more serious; 0 until screening gives it a weight.
    pub priority: i64,
    /// Grows with every write.
    pub version: i64,
    pub queued_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

impl Item {
    pub fn revision_id(&self) -> Option<RevisionId> {
        match self.subject_kind {
            SubjectKind::Revision => self.subject_id.parse().ok(),
            SubjectKind::Account | SubjectKind::Words => None,
        }
    }
}

/// What was decided, as the subject's author may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub action: Action,
    pub reason: Option<Reason>,
    /// The moderator's own words; may be empty.
    pub note: String,
    pub at: Timestamp,
}

/// What this viewer may do with this item now. Lists the buttons, and gates what they do.
pub fn allowed_actions(viewer: &Viewer, item: &Item) -> &'static [Action] {
    if policy::can_review(viewer, item.author_id).is_err() {
        return &[];
    }
    match item.state {
        ItemState::Waiting => Action::ALL,
        ItemState::Claimed | ItemState::Escalated | ItemState::Decided | ItemState::Withdrawn => {
            &[]
        }
    }
}

/// The proof that a decision's write asks for.
pub fn authorise(viewer: &Viewer, item: &Item, action: Action) -> Result<Proof<Review>, Refusal> {
    let proof = policy::can_review(viewer, item.author_id)?;
    if allowed_actions(viewer, item).contains(&action) {
        Ok(proof)
    } else {
        Err(Refusal::WrongState)
    }
}

/// How many items wait for a moderator, at most 99.
pub async fn count_waiting(db: impl Read) -> Result<u32> {
    sql::count_waiting(db).await
}

/// The item that wants a decision on a revision, if there is one.
pub async fn open_item(db: impl Read, revision: RevisionId) -> Result<Option<Item>> {
    sql::open_item(db, revision).await
}

/// The newest decision on a revision, if there is one.
pub async fn last_decision(db: impl Read, revision: RevisionId) -> Result<Option<Outcome>> {
    sql::last_outcome(db, revision).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Account;
    use crate::access::viewer::{AccountState, Role};
    use crate::time_id::{Clock, SessionId};
    use std::sync::Arc;

    fn viewer(role: Role) -> Viewer {
        Viewer::Account(Arc::new(Account {
            id: AccountId::new(&Clock::System),
            session_id: SessionId::new(&Clock::System),
            nickname: "けん".into(),
            email: "ken@example.jp".into(),
            role,
            state: AccountState::Active,
            trust_level: 0,
            region_id: None,
            language: "ja".into(),
            is_confirmed: true,
        }))
    }

    fn item(state: ItemState, author_id: AccountId) -> Item {
        let clock = Clock::System;
        Item {
            id: ReviewItemId::new(&clock),
            subject_kind: SubjectKind::Revision,
            subject_id: RevisionId::new(&clock).to_string(),
            author_id,
            state,
            priority: 0,
            version: 1,
            queued_at: clock.now(),
            closed_at: None,
        }
    }

    #[test]
    fn what_is_listed_is_exactly_what_is_allowed() {
        let someone = AccountId::new(&Clock::System);
        for role in [Role::Member, Role::Moderator, Role::Admin] {
            let viewer = viewer(role);
            for author in [someone, viewer.id().unwrap()] {
                for state in ItemState::ALL {
                    let item = item(*state, author);
                    let listed = allowed_actions(&viewer, &item);
                    for action in Action::ALL {
                        let may = authorise(&viewer, &item, *action).is_ok();
                        assert_eq!(listed.contains(action), may, "{role} {state} {action}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_moderator_decides_what_waits_and_nothing_else() {
        let (moderator, someone) = (viewer(Role::Moderator), AccountId::new(&Clock::System));
        for state in ItemState::ALL {
            let expected: &[Action] = if *state == ItemState::Waiting { Action::ALL } else { &[] };
            assert_eq!(allowed_actions(&moderator, &item(*state, someone)), expected, "{state}");
        }
        let own = item(ItemState::Waiting, moderator.id().unwrap());
        assert!(allowed_actions(&moderator, &own).is_empty());
        assert!(
            allowed_actions(&viewer(Role::Member), &item(ItemState::Waiting, someone)).is_empty()
        );
    }

    #[test]
    fn every_reason_and_action_has_its_words() {
        for reason in Reason::ALL {
            assert_eq!(web::Reason::from(*reason).slug(), reason.name());
        }
        assert_eq!(web::Reason::ALL.len(), Reason::ALL.len());
        for action in Action::ALL {
            assert_eq!(web::Decision::from(*action).slug(), action.name());
        }
    }
}
