//! Appends a request's bytes to an upload and acknowledges them as they reach the disk.

use super::protocol::{Checksum, Refusal};
use super::sql::{self, Progress};
use super::turns::Turn;
use super::{LOCK, Upload, UploadState};
use crate::app::App;
use crate::error::Error;
use crate::media::Appender;
use crate::time_id::Timestamp;
use crate::videos;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::Instant;

/// A sender that is silent for so long has gone; it comes back with another request.
const SILENCE: Duration = Duration::from_secs(20);
/// How often a lock on another node's upload is looked at, and for how long: until a killed node's
/// lock has run out.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const LOCK_PATIENCE: Duration = Duration::from_secs(12);

/// An upload that we alone append to, on any node.
pub struct Receiver {
    app: App,
    upload: Upload,
    /// The database's lock, and how we prove that it is ours.
    held: Timestamp,
    renew_at: Instant,
    appender: Appender,
    /// The offset behind the bytes taken, acknowledged or not.
    taken: u64,
    /// Until the length is known, `upload.length` is the most that may come.
    length_is_known: bool,
}

/// How the bytes ended.
#[derive(Debug)]
enum End {
    /// As the sender meant it.
    Whole,
    /// The connection was cut.
    Cut,
    /// Nothing came for [`SILENCE`].
    Silent,
    /// A newer request of the same sender wants to go on.
    Wanted,
    /// More came than the upload's length.
    TooLarge,
}

impl Receiver {
    /// Locks the upload at the offset that `upload` has.
    pub async fn open(app: &App, upload: Upload) -> Result<Self, Refusal> {
        let (upload, held) = lock(app, upload).await?;
        let handle = upload.handle()?;
        match app.media.appender(handle, upload.offset).await {
            Ok(appender) => Ok(Self {
                app: app.clone(),
                taken: upload.offset,
                upload,
                held,
                renew_at: Instant::now() + LOCK / 3,
                appender,
                length_is_known: true,
            }),
            Err(error) => {
                let mut tx = app.db.begin().await?;
                sql::renew(&mut tx, upload.id, held, None, app.clock.now()).await?;
                tx.commit().await?;
                Err(error.into())
            }
        }
    }

    /// For a sender that can't say how much will come: what is there at the end is the length.
    pub fn of_any_length(mut self) -> Self {
        self.length_is_known = false;
        self
    }

    /// Takes the body to its end and gives the upload as it is then.
    ///
    /// # Errors
    /// Whatever came without a checksum is acknowledged also then.
    pub async fn receive(
        mut self,
        mut turn: Turn,
        body: Body,
        mut checksum: Option<Checksum>,
    ) -> Result<Upload, Refusal> {
        let mut bytes = body.into_data_stream();
        match self.take_all(&mut turn, &mut bytes, checksum.as_mut()).await {
            Ok(End::Whole) => {
                if checksum.is_some_and(|checksum| !checksum.matches()) {
                    self.give_up().await?;
                    return Err(Refusal::Checksum);
                }
                self.settle(true).await
            }
            Ok(end) => {
                // Half of what a checksum is of can't be verified.
                if checksum.is_some() {
                    self.give_up().await?;
                } else {
                    self.settle(false).await?;
                }
                Err(match end {
                    End::TooLarge => Refusal::TooLarge,
                    End::Wanted => Refusal::Locked,
                    End::Silent => Refusal::Idle,
                    End::Cut | End::Whole => Refusal::BadField("the connection was cut"),
                })
            }
            Err(refusal) => {
                self.give_up().await?;
                Err(refusal)
            }
        }
    }

    async fn take_all(
        &mut self,
        turn: &mut Turn,
        bytes: &mut BodyDataStream,
        mut checksum: Option<&mut Checksum>,
    ) -> Result<End, Refusal> {
        let mut heard = Instant::now();
        loop {
            let wake = self.renew_at.min(heard + SILENCE);
            let chunk = tokio::select! {
                () = turn.wanted() => return Ok(End::Wanted),
                chunk = tokio::time::timeout_at(wake, bytes.next()) => chunk,
            };
            match chunk {
                Ok(Some(Ok(chunk))) => {
                    heard = Instant::now();
                    if let Some(checksum) = checksum.as_deref_mut() {
                        checksum.update(&chunk);
                    }
                    if !self.take(chunk, checksum.is_none()).await? {
                        return Ok(End::TooLarge);
                    }
                }
                Ok(Some(Err(error))) => {
                    tracing::debug!(%error, "an upload's connection was cut");
                    return Ok(End::Cut);
                }
                Ok(None) => return Ok(End::Whole),
                Err(_) if heard.elapsed() >= SILENCE => return Ok(End::Silent),
                Err(_) => {}
            }
            if Instant::now() >= self.renew_at {
                self.renew().await?;
            }
        }
    }

    /// Says whether the chunk fits.
    async fn take(&mut self, chunk: Bytes, may_acknowledge: bool) -> Result<bool, Refusal> {
        let end = self.taken + chunk.len() as u64;
        if end > self.upload.length {
            return Ok(false);
        }
        self.taken = end;
        match self.appender.write(chunk).await? {
            Some(offset) if may_acknowledge => {
                self.acknowledge(offset, Some(self.next_lock())).await?;
            }
            _ => {}
        }
        Ok(true)
    }

    fn next_lock(&self) -> Timestamp {
        self.app.clock.now().plus(LOCK)
    }

    /// Brings the rest to disk, acknowledges it, and lets go of the lock.
    async fn settle(mut self, is_whole: bool) -> Result<Upload, Refusal> {
        let offset = match self.appender.flush().await {
            Ok(offset) => offset,
            Err(error) => {
                self.give_up().await?;
                return Err(error.into());
            }
        };
        if is_whole && !self.length_is_known {
            self.upload.length = offset;
        }
        self.acknowledge(offset, None).await?;
        Ok(self.upload)
    }

    /// Forgets what is not acknowledged and lets go of the lock.
    pub async fn give_up(self) -> Result<(), Refusal> {
        self.appender.discard().await;
        let mut tx = self.app.db.begin().await?;
        sql::renew(&mut tx, self.upload.id, self.held, None, self.app.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn acknowledge(
        &mut self,
        offset: u64,
        locked_until: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let is_complete = locked_until.is_none() && offset == self.upload.length;
        let progress = Progress {
            offset,
            store_state: &self.appender.handle().to_json(),
            state: if is_complete { UploadState::Complete } else { UploadState::Open },
            locked_until,
            length: (!self.length_is_known).then_some(self.upload.length),
        };
        let mut tx = self.app.db.begin().await?;
        let now = self.app.clock.now();
        if !sql::advance(&mut tx, self.upload.id, self.held, &progress, now).await? {
            return Err(Refusal::Locked);
        }
        if is_complete {
            let finished = videos::actions::Finished {
                upload: self.upload.id,
                owner: self.upload.owner_id,
                bytes: offset,
                post: self.upload.post_id,
            };
            videos::actions::create(&mut tx, &self.app.clock, finished).await?;
        }
        tx.commit().await?;
        self.upload.offset = offset;
        self.upload.state = progress.state;
        self.upload.expires_at = now.plus(super::EXPIRES_AFTER);
        self.held_until(locked_until);
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Refusal> {
        let until = self.next_lock();
        let mut tx = self.app.db.begin().await?;
        let now = self.app.clock.now();
        if !sql::renew(&mut tx, self.upload.id, self.held, Some(until), now).await? {
            return Err(Refusal::Locked);
        }
        tx.commit().await?;
        self.held_until(Some(until));
        Ok(())
    }

    fn held_until(&mut self, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.held = until;
            self.renew_at = Instant::now() + LOCK / 3;
        }
    }
}

/// Takes the database's lock, waiting for one that a killed node left.
async fn lock(app: &App, upload: Upload) -> Result<(Upload, Timestamp), Refusal> {
    let give_up_at = Instant::now() + LOCK_PATIENCE;
    loop {
        let now = app.clock.now();
        let until = now.plus(LOCK);
        let mut tx = app.db.begin().await?;
        let is_locked = sql::lock(&mut tx, upload.id, upload.offset, now, until).await?;
        let found = sql::find(&mut tx, upload.id).await?;
        tx.commit().await?;
        let found = found.ok_or(Error::NotFound)?;
        if is_locked {
            return Ok((found, until));
        }
        if matches!(found.state, UploadState::Expired | UploadState::Terminated) {
            return Err(Refusal::Gone);
        }
        if found.offset != upload.offset || found.state == UploadState::Complete {
            return Err(Refusal::Offset(found.offset));
        }
        if Instant::now() >= give_up_at {
            return Err(Refusal::Locked);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
