//! The names of every table and column. What they mean stands in the feature that owns the table, and in `migrations`.

use sea_query::Iden;

macro_rules! tables {
    ($($name:ident { $($column:ident),+ $(,)? })+) => {$(
        #[derive(Iden, Clone, Copy, Debug)]
        pub enum $name { Table, $($column),+ }
    )+};
}

tables! {
    Accounts {
        Id, Nickname, NicknameKey, Email, EmailKey, PasswordHash, Role, State, TrustLevel, RegionId, Language,
        ConfirmedAt, CreatedAt, UpdatedAt,
    }
    Sessions { Id, TokenHash, AccountId, UserAgent, CreatedAt, LastSeenAt, ExpiresAt }
    MailTokens { TokenHash, AccountId, Purpose, Email, CreatedAt, ExpiresAt, UsedAt }
    RateLimits { Bucket, Subject, WindowStart, Taken }
    Regions { Id, ParentId, NameJa, NameSimple, NameEn, Position }

    Posts {
        Id, AuthorId, Kind, Visibility, PublishedRevisionId, RegionId, PublishedAt, ThanksCount, AuthorNickname, Title,
        Lead, AgeFromMonths, AgeToMonths, Cover, CreatedAt, UpdatedAt,
    }
    Revisions {
        Id, PostId, Number, State, Title, Body, Lead, RegionId, AgeFromMonths, AgeToMonths, Details, VideoId, Captions,
        CoverChoice, Version, SubmittedAt, DecidedAt, CreatedAt, UpdatedAt,
    }
    RevisionTags { RevisionId, Tag, Label, Position }
    RevisionPhotos { RevisionId, PhotoId, Position, Alt }
    PostTags { Tag, PublishedAt, PostId, Label }

    Photos {
        Id, OwnerId, State, Failure, Generation, Width, Height, Widths, Colour, Grid, HadLocation, Bytes, CreatedAt,
        UpdatedAt,
    }
    Videos {
        Id, OwnerId, UploadId, State, Failure, Progress, Generation, DurationMs, Width, Height, HasAudio, SourceBytes,
        Storyboard, Poster, Preview, Details, Attempt, Pace, HadLocation, ClaimedMs, SoundLeftOut, IsSlow,
        SlowFactor, CreatedAt, UpdatedAt,
    }
    Renditions {
        VideoId, Generation, File, Width, Height, FrameRate, Codecs, PeakBandwidth, AverageBandwidth, Bytes, InitBytes,
        Segments,
    }
    Uploads {
        Id, OwnerId, PostId, State, Length, Offset, FileName, ContentType, StoreState, LockedUntil, CreatedAt,
        ExpiresAt, UpdatedAt,
    }

    Fingerprints { Seq, MediumKind, MediumId, AtMs, Hash }

    ReviewItems { Id, SubjectKind, SubjectId, AuthorId, State, Priority, Version, QueuedAt, ClosedAt }
    Decisions { Id, ItemId, ModeratorId, Action, Reason, Note, DecidedAt }
    Audit { Seq, At, ActorId, Action, SubjectKind, SubjectId, Before, After, Reason, Note, PolicyVersion, PreviousHash, Hash }
    Thanks { PostId, AccountId, CreatedAt }
    Notices { Id, AccountId, Kind, Payload, CreatedAt, ReadAt }

    WordEntries { Id, Kind, Words, Reading, Version, ChangedBy, ChangedAt }
    WordKeys { Kind, Key, EntryId }
    Unfound { Week, Words, People }

    Changes { Seq, Subject, SubjectId, At }
    Jobs {
        Id, Kind, Payload, State, Priority, RunAt, Attempt, MaxAttempts, LeaseToken, LeaseUntil, LastError, UniqueKey,
        CreatedAt, UpdatedAt, TurnOf, InLineSince, Postponed,
    }
    SchemaMigrations { Number, Name, AppliedAt }
}
