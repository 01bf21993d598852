//! Step 1: accounts, posts and their revisions, media, review, thanks, notices, the change feed and the jobs.

use super::super::tables::*;
use super::{Step, foreign, id, integer, optional_integer, optional_text, state, text};
use sea_query::{ColumnDef, Index, IndexCreateStatement, IntoIden, IntoTableRef, Table};

pub(super) fn steps() -> Vec<Step> {
    [accounts(), posts(), media(), review(), machinery()].into_iter().flatten().collect()
}

fn index<C: IntoIden + 'static>(
    name: &str,
    table: impl IntoTableRef,
    columns: impl IntoIterator<Item = C>,
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(column.into_iden());
    }
    index
}

fn accounts() -> Vec<Step> {
    vec![
        Step::table(
            Table::create()
                .table(Regions::Table)
                .col(id(Regions::Id))
                .col(optional_text(Regions::ParentId))
                .col(text(Regions::NameJa))
                .col(text(Regions::NameSimple))
                .col(text(Regions::NameEn))
                .col(integer(Regions::Position))
                .take(),
        ),
        Step::table(
            Table::create()
                .table(Accounts::Table)
                .col(id(Accounts::Id))
                .col(text(Accounts::Nickname))
                .col(text(Accounts::NicknameKey).unique_key())
                .col(text(Accounts::Email))
                .col(text(Accounts::EmailKey).unique_key())
                .col(text(Accounts::PasswordHash))
                .col(state(Accounts::Role, ["member", "moderator", "admin"]))
                .col(state(Accounts::State, ["active", "suspended", "closed"]))
                .col(integer(Accounts::TrustLevel).default(0))
                .col(optional_text(Accounts::RegionId))
                .col(text(Accounts::Language))
                .col(optional_integer(Accounts::ConfirmedAt))
                .col(integer(Accounts::CreatedAt))
                .col(integer(Accounts::UpdatedAt))
                .foreign_key(&mut foreign(
                    (Accounts::Table, Accounts::RegionId),
                    (Regions::Table, Regions::Id),
                ))
                .take(),
        ),
        Step::table(
            Table::create()
                .table(Sessions::Table)
                .col(id(Sessions::Id))
                .col(text(Sessions::TokenHash).unique_key())
                .col(text(Sessions::AccountId))
                .col(text(Sessions::UserAgent))
                .col(integer(Sessions::CreatedAt))
                .col(integer(Sessions::LastSeenAt))
                .col(integer(Sessions::ExpiresAt))
                .foreign_key(&mut foreign(
                    (Sessions::Table, Sessions::AccountId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "sessions_of_account",
            Sessions::Table,
            [Sessions::AccountId, Sessions::LastSeenAt],
        )),
        Step::Index(index("sessions_by_expiry", Sessions::Table, [Sessions::ExpiresAt])),
        Step::table(
            Table::create()
                .table(MailTokens::Table)
                .col(id(MailTokens::TokenHash))
                .col(text(MailTokens::AccountId))
                .col(state(MailTokens::Purpose, ["confirm", "reset"]))
                .col(text(MailTokens::Email))
                .col(integer(MailTokens::CreatedAt))
                .col(integer(MailTokens::ExpiresAt))
                .col(optional_integer(MailTokens::UsedAt))
                .foreign_key(&mut foreign(
                    (MailTokens::Table, MailTokens::AccountId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index("mail_tokens_by_expiry", MailTokens::Table, [MailTokens::ExpiresAt])),
        Step::table(
            Table::create()
                .table(RateLimits::Table)
                .col(text(RateLimits::Bucket))
                .col(text(RateLimits::Subject))
                .col(integer(RateLimits::WindowStart))
                .col(integer(RateLimits::Taken))
                .primary_key(Index::create().col(RateLimits::Bucket).col(RateLimits::Subject))
                .take(),
        ),
        Step::Index(index("rate_limits_by_age", RateLimits::Table, [RateLimits::WindowStart])),
    ]
}

fn posts() -> Vec<Step> {
    vec![
        Step::table(
            Table::create()
                .table(Posts::Table)
                .col(id(Posts::Id))
                .col(text(Posts::AuthorId))
                .col(state(Posts::Kind, ["recipe", "activity", "tip", "question"]))
                .col(state(Posts::Visibility, ["private", "published", "hidden", "withdrawn"]))
                .col(optional_text(Posts::PublishedRevisionId))
                // Copied from the published revision, so that every public list is one index.
                .col(optional_text(Posts::RegionId))
                .col(optional_integer(Posts::PublishedAt))
                .col(integer(Posts::ThanksCount).default(0))
                .col(integer(Posts::CreatedAt))
                .col(integer(Posts::UpdatedAt))
                .foreign_key(&mut foreign(
                    (Posts::Table, Posts::AuthorId),
                    (Accounts::Table, Accounts::Id),
                ))
                .foreign_key(&mut foreign(
                    (Posts::Table, Posts::RegionId),
                    (Regions::Table, Regions::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "posts_newest",
            Posts::Table,
            [Posts::Visibility, Posts::PublishedAt, Posts::Id],
        )),
        Step::Index(index(
            "posts_of_kind",
            Posts::Table,
            [Posts::Visibility, Posts::Kind, Posts::PublishedAt, Posts::Id],
        )),
        Step::Index(index(
            "posts_of_region",
            Posts::Table,
            [Posts::Visibility, Posts::RegionId, Posts::PublishedAt, Posts::Id],
        )),
        Step::Index(index(
            "posts_of_region_and_kind",
            Posts::Table,
            [Posts::Visibility, Posts::RegionId, Posts::Kind, Posts::PublishedAt, Posts::Id],
        )),
        Step::Index(index(
            "posts_of_author",
            Posts::Table,
            [Posts::AuthorId, Posts::Visibility, Posts::PublishedAt, Posts::Id],
        )),
        Step::Index(index(
            "posts_of_author_by_update",
            Posts::Table,
            [Posts::AuthorId, Posts::UpdatedAt, Posts::Id],
        )),
        Step::table(
            Table::create()
                .table(Revisions::Table)
                .col(id(Revisions::Id))
                .col(text(Revisions::PostId))
                .col(integer(Revisions::Number))
                .col(state(
                    Revisions::State,
                    [
                        "draft",
                        "processing",
                        "processing_failed",
                        "screening",
                        "queued",
                        "claimed",
                        "changes_requested",
                        "rejected",
                        "escalated",
                        "published",
                        "superseded",
                        "withdrawn",
                    ],
                ))
                .col(text(Revisions::Title))
                .col(text(Revisions::Body))
                // The body's first words without its marks: lists show them without reading the body.
                .col(text(Revisions::Lead).default(""))
                .col(optional_text(Revisions::RegionId))
                .col(optional_integer(Revisions::AgeFromMonths))
                .col(optional_integer(Revisions::AgeToMonths))
                // What only this kind of post has, as JSON: the structured recipe goes here.
                .col(text(Revisions::Details).default("{}"))
                .col(optional_text(Revisions::VideoId))
                .col(integer(Revisions::Version))
                .col(optional_integer(Revisions::SubmittedAt))
                .col(optional_integer(Revisions::DecidedAt))
                .col(integer(Revisions::CreatedAt))
                .col(integer(Revisions::UpdatedAt))
                .foreign_key(&mut foreign(
                    (Revisions::Table, Revisions::PostId),
                    (Posts::Table, Posts::Id),
                ))
                .take(),
        ),
        Step::Index(
            index("revisions_of_post", Revisions::Table, [Revisions::PostId, Revisions::Number])
                .unique()
                .take(),
        ),
        Step::Index(index("revisions_with_video", Revisions::Table, [Revisions::VideoId])),
        Step::table(
            Table::create()
                .table(RevisionTags::Table)
                .col(text(RevisionTags::RevisionId))
                .col(text(RevisionTags::Tag))
                .col(text(RevisionTags::Label))
                .col(integer(RevisionTags::Position))
                .primary_key(Index::create().col(RevisionTags::RevisionId).col(RevisionTags::Tag))
                .foreign_key(&mut foreign(
                    (RevisionTags::Table, RevisionTags::RevisionId),
                    (Revisions::Table, Revisions::Id),
                ))
                .take(),
        ),
        Step::table(
            Table::create()
                .table(RevisionPhotos::Table)
                .col(text(RevisionPhotos::RevisionId))
                .col(text(RevisionPhotos::PhotoId))
                .col(integer(RevisionPhotos::Position))
                .col(text(RevisionPhotos::Alt))
                .primary_key(
                    Index::create().col(RevisionPhotos::RevisionId).col(RevisionPhotos::PhotoId),
                )
                .foreign_key(&mut foreign(
                    (RevisionPhotos::Table, RevisionPhotos::RevisionId),
                    (Revisions::Table, Revisions::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "revisions_with_photo",
            RevisionPhotos::Table,
            [RevisionPhotos::PhotoId],
        )),
        // The tags of published posts only: a tag's page is one index scan.
        Step::table(
            Table::create()
                .table(PostTags::Table)
                .col(text(PostTags::Tag))
                .col(integer(PostTags::PublishedAt))
                .col(text(PostTags::PostId))
                .col(text(PostTags::Label))
                .primary_key(
                    Index::create()
                        .col(PostTags::Tag)
                        .col(PostTags::PublishedAt)
                        .col(PostTags::PostId),
                )
                .foreign_key(&mut foreign(
                    (PostTags::Table, PostTags::PostId),
                    (Posts::Table, Posts::Id),
                ))
                .take(),
        ),
        Step::Index(index("tags_of_post", PostTags::Table, [PostTags::PostId])),
        Step::table(
            Table::create()
                .table(Thanks::Table)
                .col(text(Thanks::PostId))
                .col(text(Thanks::AccountId))
                .col(integer(Thanks::CreatedAt))
                .primary_key(Index::create().col(Thanks::PostId).col(Thanks::AccountId))
                .foreign_key(&mut foreign(
                    (Thanks::Table, Thanks::PostId),
                    (Posts::Table, Posts::Id),
                ))
                .foreign_key(&mut foreign(
                    (Thanks::Table, Thanks::AccountId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "thanks_of_account",
            Thanks::Table,
            [Thanks::AccountId, Thanks::CreatedAt],
        )),
    ]
}

fn media() -> Vec<Step> {
    vec![
        Step::table(
            Table::create()
                .table(Photos::Table)
                .col(id(Photos::Id))
                .col(text(Photos::OwnerId))
                .col(state(Photos::State, ["processing", "ready", "failed"]))
                .col(optional_text(Photos::Failure))
                .col(integer(Photos::Generation))
                .col(optional_integer(Photos::Width))
                .col(optional_integer(Photos::Height))
                .col(text(Photos::Widths).default("[]"))
                .col(optional_text(Photos::Colour))
                .col(integer(Photos::Bytes))
                .col(integer(Photos::CreatedAt))
                .col(integer(Photos::UpdatedAt))
                .foreign_key(&mut foreign(
                    (Photos::Table, Photos::OwnerId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::table(
            Table::create()
                .table(Uploads::Table)
                .col(id(Uploads::Id))
                .col(text(Uploads::OwnerId))
                .col(optional_text(Uploads::PostId))
                .col(state(Uploads::State, ["open", "complete", "expired", "terminated"]))
                .col(integer(Uploads::Length))
                .col(integer(Uploads::Offset))
                .col(text(Uploads::FileName))
                .col(text(Uploads::ContentType))
                // What the media store needs to go on: for S3 the multipart upload and its parts.
                .col(text(Uploads::StoreState))
                .col(optional_integer(Uploads::LockedUntil))
                .col(integer(Uploads::CreatedAt))
                .col(integer(Uploads::ExpiresAt))
                .col(integer(Uploads::UpdatedAt))
                .foreign_key(&mut foreign(
                    (Uploads::Table, Uploads::OwnerId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "uploads_by_expiry",
            Uploads::Table,
            [Uploads::State, Uploads::ExpiresAt],
        )),
        Step::Index(index("uploads_of_owner", Uploads::Table, [Uploads::OwnerId, Uploads::State])),
        Step::table(
            Table::create()
                .table(Videos::Table)
                .col(id(Videos::Id))
                .col(text(Videos::OwnerId))
                .col(optional_text(Videos::UploadId))
                .col(state(Videos::State, ["queued", "transcoding", "ready", "failed"]))
                .col(optional_text(Videos::Failure))
                // Thousandths.
                .col(integer(Videos::Progress))
                .col(integer(Videos::Generation))
                .col(optional_integer(Videos::DurationMs))
                .col(optional_integer(Videos::Width))
                .col(optional_integer(Videos::Height))
                .col(optional_integer(Videos::HasAudio))
                .col(integer(Videos::SourceBytes))
                // JSON of the protocol's `Storyboard` and `ImageFile`.
                .col(optional_text(Videos::Storyboard))
                .col(optional_text(Videos::Poster))
                .col(integer(Videos::CreatedAt))
                .col(integer(Videos::UpdatedAt))
                .foreign_key(&mut foreign(
                    (Videos::Table, Videos::OwnerId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index("videos_of_upload", Videos::Table, [Videos::UploadId]).unique().take()),
        Step::table(
            Table::create()
                .table(Renditions::Table)
                .col(text(Renditions::VideoId))
                .col(integer(Renditions::Generation))
                .col(text(Renditions::File))
                .col(integer(Renditions::Width))
                .col(integer(Renditions::Height))
                .col(ColumnDef::new(Renditions::FrameRate).double().not_null())
                .col(text(Renditions::Codecs))
                .col(integer(Renditions::PeakBandwidth))
                .col(integer(Renditions::AverageBandwidth))
                .col(integer(Renditions::Bytes))
                .col(integer(Renditions::InitBytes))
                // JSON array of the protocol's `Segment`.
                .col(text(Renditions::Segments))
                .primary_key(
                    Index::create()
                        .col(Renditions::VideoId)
                        .col(Renditions::Generation)
                        .col(Renditions::File),
                )
                .foreign_key(&mut foreign(
                    (Renditions::Table, Renditions::VideoId),
                    (Videos::Table, Videos::Id),
                ))
                .take(),
        ),
    ]
}

fn review() -> Vec<Step> {
    vec![
        Step::table(
            Table::create()
                .table(ReviewItems::Table)
                .col(id(ReviewItems::Id))
                .col(text(ReviewItems::SubjectKind))
                .col(text(ReviewItems::SubjectId))
                .col(text(ReviewItems::AuthorId))
                .col(state(
                    ReviewItems::State,
                    ["waiting", "claimed", "escalated", "decided", "withdrawn"],
                ))
                .col(integer(ReviewItems::Priority))
                .col(integer(ReviewItems::Version))
                .col(integer(ReviewItems::QueuedAt))
                .col(optional_integer(ReviewItems::ClosedAt))
                .foreign_key(&mut foreign(
                    (ReviewItems::Table, ReviewItems::AuthorId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "review_queue",
            ReviewItems::Table,
            [ReviewItems::State, ReviewItems::QueuedAt, ReviewItems::Id],
        )),
        Step::Index(index(
            "review_items_of_subject",
            ReviewItems::Table,
            [ReviewItems::SubjectKind, ReviewItems::SubjectId],
        )),
        Step::Index(index(
            "review_items_of_author",
            ReviewItems::Table,
            [ReviewItems::AuthorId, ReviewItems::QueuedAt],
        )),
        Step::table(
            Table::create()
                .table(Decisions::Table)
                .col(id(Decisions::Id))
                .col(text(Decisions::ItemId))
                .col(text(Decisions::ModeratorId))
                .col(text(Decisions::Action))
                .col(optional_text(Decisions::Reason))
                .col(text(Decisions::Note))
                .col(integer(Decisions::DecidedAt))
                .foreign_key(&mut foreign(
                    (Decisions::Table, Decisions::ItemId),
                    (ReviewItems::Table, ReviewItems::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "decisions_of_item",
            Decisions::Table,
            [Decisions::ItemId, Decisions::DecidedAt],
        )),
        Step::table(
            Table::create()
                .table(Audit::Table)
                .col(ColumnDef::new(Audit::Seq).big_integer().not_null().primary_key())
                .col(integer(Audit::At))
                .col(optional_text(Audit::ActorId))
                .col(text(Audit::Action))
                .col(text(Audit::SubjectKind))
                .col(text(Audit::SubjectId))
                .col(text(Audit::Before))
                .col(text(Audit::After))
                .col(optional_text(Audit::Reason))
                .col(text(Audit::Note))
                .col(text(Audit::PolicyVersion))
                .col(text(Audit::PreviousHash))
                .col(text(Audit::Hash).unique_key())
                .take(),
        ),
        Step::Index(index(
            "audit_of_subject",
            Audit::Table,
            [Audit::SubjectKind, Audit::SubjectId, Audit::Seq],
        )),
        Step::table(
            Table::create()
                .table(Notices::Table)
                .col(id(Notices::Id))
                .col(text(Notices::AccountId))
                .col(text(Notices::Kind))
                .col(text(Notices::Payload))
                .col(integer(Notices::CreatedAt))
                .col(optional_integer(Notices::ReadAt))
                .foreign_key(&mut foreign(
                    (Notices::Table, Notices::AccountId),
                    (Accounts::Table, Accounts::Id),
                ))
                .take(),
        ),
        Step::Index(index(
            "notices_of_account",
            Notices::Table,
            [Notices::AccountId, Notices::CreatedAt, Notices::Id],
        )),
        Step::Index(index("notices_unread", Notices::Table, [Notices::AccountId, Notices::ReadAt])),
    ]
}

fn machinery() -> Vec<Step> {
    vec![
        Step::table(
            Table::create()
                .table(Changes::Table)
                .col(
                    ColumnDef::new(Changes::Seq)
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(text(Changes::Subject))
                .col(text(Changes::SubjectId))
                .col(integer(Changes::At))
                .take(),
        ),
        Step::table(
            Table::create()
                .table(Jobs::Table)
                .col(id(Jobs::Id))
                .col(text(Jobs::Kind))
                .col(text(Jobs::Payload))
                .col(state(Jobs::State, ["queued", "running", "dead"]))
                .col(integer(Jobs::Priority))
                .col(integer(Jobs::RunAt))
                .col(integer(Jobs::Attempt))
                .col(integer(Jobs::MaxAttempts))
                .col(optional_text(Jobs::LeaseToken))
                .col(optional_integer(Jobs::LeaseUntil))
                .col(optional_text(Jobs::LastError))
                .col(optional_text(Jobs::UniqueKey).unique_key())
                .col(integer(Jobs::CreatedAt))
                .col(integer(Jobs::UpdatedAt))
                .take(),
        ),
        Step::Index(index("jobs_ready", Jobs::Table, [Jobs::State, Jobs::Priority, Jobs::RunAt])),
        Step::Index(index("jobs_leased", Jobs::Table, [Jobs::State, Jobs::LeaseUntil])),
    ]
}
