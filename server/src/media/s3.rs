//! The media store in a bucket of an S3-compatible store.
//!
//! An upload is a multipart upload of equal parts of 5 MiB, the least that S3 takes. What is left
//! over when an append ends is kept as a small object of its own, a *tail*, and read back to start the
//! next part. Every tail has a name of its own, so that the handle that the database has always
//! finds the bytes it stands for, however the appends after it ended; a replaced tail is deleted
//! by the append after next, once no committed handle names it. The multipart upload begins with the
//! first whole part: small uploads never have one.
//!
//! Stores differ in whether they honour conditional writes, so nothing here locks by them.
//!
//! A process killed between creating a multipart upload and committing its id leaves one that is
//! aborted when the same upload is finished or aborted. An operator may let the bucket expire
//! unfinished ones after some days as well.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    CompletedMultipartUpload, CompletedPart, CorsConfiguration, CorsRule, Delete,
    MetadataDirective, ObjectIdentifier,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::io::AsyncWriteExt;

use super::keys::{Key, Prefix};
use super::store::{MediaError, Object, Result, Source, UploadHandle};

/// The least S3 takes for a part that isn't the last. All parts are of one size, as some stores
/// ask. At most 10,000 parts make an upload: 48 GiB.
const PART: usize = 5 * 1024 * 1024;
/// S3 deletes and lists at most so many objects at a time.
const PAGE: i32 = 1000;
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the bucket is and how to enter it.
#[derive(Clone)]
pub struct S3Config {
    /// `None` is AWS itself.
    pub endpoint: Option<String>,
    /// The endpoint that browsers reach, for signed URLs; the same when `None`.
    pub public_endpoint: Option<String>,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("public_endpoint", &self.public_endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

impl S3Config {
    fn client(&self, endpoint: Option<&str>) -> Client {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let credentials =
            Credentials::new(&self.access_key_id, &self.secret_access_key, None, None, "config");
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .region(Region::new(self.region.clone()))
            .credentials_provider(credentials);
        if let Some(endpoint) = endpoint {
            // Stores that are not AWS refuse the newer checksums, and most have no host per bucket.
            config = config
                .endpoint_url(endpoint)
                .force_path_style(true)
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        Client::from_conf(config.build())
    }
}

#[derive(Clone)]
pub struct S3 {
    client: Client,
    /// Signs URLs and never connects.
    signer: Client,
    bucket: String,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

/// What an upload consists of so far: parts, then a tail.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UploadState {
    /// The multipart upload, once there is a first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    multipart: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tail: Option<Tail>,
    /// Tails that this state no longer needs but the one before it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stale: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Part {
    etag: String,
    length: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Tail {
    key: Key,
    length: u64,
}

impl UploadState {
    fn parts_end(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// Goes back to `offset` and says how much of the tail lies before it.
    fn rewind(&mut self, offset: u64) -> Result<u64> {
        while self.parts_end() > offset {
            self.parts.pop();
            self.drop_tail();
        }
        let needed = offset - self.parts_end();
        let held = self.tail.as_ref().map_or(0, |tail| tail.length);
        if held < needed { Err(MediaError::Torn { offset }) } else { Ok(needed) }
    }

    fn drop_tail(&mut self) {
        self.stale.extend(self.tail.take().map(|tail| tail.key));
    }
}

impl S3 {
    pub fn new(config: &S3Config) -> Self {
        let public = config.public_endpoint.as_deref().or(config.endpoint.as_deref());
        Self {
            client: config.client(config.endpoint.as_deref()),
            signer: config.client(public),
            bucket: config.bucket.clone(),
        }
    }

    pub async fn put_file(&self, key: &Key, path: &Path, content_type: &str) -> Result<()> {
        let body = ByteStream::from_path(path).await.map_err(io::Error::other)?;
        self.put(key, body, content_type).await
    }

    pub async fn put_bytes(&self, key: &Key, bytes: Bytes, content_type: &str) -> Result<()> {
        self.put(key, bytes.into(), content_type).await
    }

    async fn put(&self, key: &Key, body: ByteStream, content_type: &str) -> Result<()> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .content_type(content_type)
            .body(body)
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        Ok(())
    }

    pub async fn open_object(&self, key: &Key) -> Result<Object> {
        let head = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        Ok(Object {
            length: head.content_length().and_then(|length| length.try_into().ok()).unwrap_or(0),
            etag: head.e_tag().unwrap_or_default().to_owned(),
            source: Source::S3(self.clone(), key.clone()),
        })
    }

    pub async fn stream(
        &self,
        key: &Key,
        range: Range<u64>,
        etag: &str,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>> {
        let body = self.get(key, range, Some(etag)).await?;
        let stream = futures_util::stream::unfold(body, |mut body| async {
            let chunk = body.next().await?;
            Some((chunk.map_err(io::Error::other), body))
        });
        Ok(stream.boxed())
    }

    /// `range` must not be empty.
    async fn get(&self, key: &Key, range: Range<u64>, etag: Option<&str>) -> Result<ByteStream> {
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .range(format!("bytes={}-{}", range.start, range.end - 1))
            .set_if_match(etag.map(str::to_owned))
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        Ok(got.body)
    }

    pub async fn copy_to_file(&self, key: &Key, path: &Path) -> Result<()> {
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        let mut body = got.body;
        let mut file = tokio::fs::File::create(path).await?;
        while let Some(chunk) = body.next().await {
            file.write_all(&chunk.map_err(|error| MediaError::Remote(error.into()))?).await?;
        }
        Ok(file.flush().await?)
    }

    pub async fn length(&self, key: &Key) -> Result<u64> {
        Ok(self.open_object(key).await?.length)
    }

    /// S3 knows no renaming: copies inside the store (at most 5 GB), then deletes.
    pub async fn rename(&self, from: &Key, to: &Key, content_type: &str) -> Result<()> {
        self.client
            .copy_object()
            .copy_source(format!("{}/{from}", self.bucket))
            .bucket(&self.bucket)
            .key(to.as_str())
            .metadata_directive(MetadataDirective::Replace)
            .content_type(content_type)
            .send()
            .await
            .map_err(|error| failed(from, error))?;
        self.delete(from).await
    }

    pub async fn delete(&self, key: &Key) -> Result<()> {
        let deleted =
            self.client.delete_object().bucket(&self.bucket).key(key.as_str()).send().await;
        match deleted.map_err(|error| failed(key, error)) {
            Ok(_) | Err(MediaError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub async fn delete_prefix(&self, prefix: &Prefix) -> Result<()> {
        loop {
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix.as_str())
                .max_keys(PAGE)
                .send()
                .await
                .map_err(|error| failed(prefix, error))?;
            let mut doomed = Delete::builder().quiet(true);
            for key in page.contents().iter().filter_map(|object| object.key()) {
                let object = ObjectIdentifier::builder().key(key).build();
                doomed = doomed.objects(object.map_err(|error| MediaError::Remote(error.into()))?);
            }
            if page.contents().is_empty() {
                return Ok(());
            }
            let doomed = doomed.build().map_err(|error| MediaError::Remote(error.into()))?;
            let deleted = self
                .client
                .delete_objects()
                .bucket(&self.bucket)
                .delete(doomed)
                .send()
                .await
                .map_err(|error| failed(prefix, error))?;
            // Without this a store that refuses to delete would keep the loop going for ever.
            if let Some(error) = deleted.errors().first() {
                return Err(MediaError::Remote(format!("{error:?}").into()));
            }
            if page.is_truncated() != Some(true) {
                return Ok(());
            }
        }
    }

    pub async fn signed_url(&self, key: &Key, ttl: Duration) -> Result<String> {
        let presigning =
            PresigningConfig::expires_in(ttl).map_err(|error| MediaError::Remote(error.into()))?;
        let signed = self
            .signer
            .get_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .presigned(presigning)
            .await
            .map_err(|error| failed(key, error))?;
        Ok(signed.uri().to_owned())
    }

    pub async fn check(&self) -> Result<()> {
        let asked = self.client.head_bucket().bucket(&self.bucket).send();
        match tokio::time::timeout(CHECK_TIMEOUT, asked).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(MediaError::Remote(error.into())),
            Err(elapsed) => Err(MediaError::Remote(elapsed.into())),
        }
    }

    /// Whom the bucket lets read it in a browser.
    pub async fn cors_rules(&self) -> Result<Vec<CorsRule>> {
        match self.client.get_bucket_cors().bucket(&self.bucket).send().await {
            Ok(found) => Ok(found.cors_rules.unwrap_or_default()),
            Err(error) if error.code() == Some("NoSuchCORSConfiguration") => Ok(Vec::new()),
            Err(error) => Err(failed(&self.bucket, error)),
        }
    }

    /// In place of all rules there were.
    pub async fn set_cors_rules(&self, rules: Vec<CorsRule>) -> Result<()> {
        let rules = CorsConfiguration::builder().set_cors_rules(Some(rules)).build();
        let rules = rules.map_err(|error| MediaError::Remote(error.into()))?;
        self.client
            .put_bucket_cors()
            .bucket(&self.bucket)
            .cors_configuration(rules)
            .send()
            .await
            .map_err(|error| failed(&self.bucket, error))?;
        Ok(())
    }

    pub async fn appender(&self, mut handle: UploadHandle, offset: u64) -> Result<Appender> {
        let state = &mut handle.s3;
        // The state before the one we were given is committed no more.
        let stale = std::mem::take(&mut state.stale);
        let kept = state.rewind(offset)?;
        let mut buffer = BytesMut::new();
        if let (Some(tail), 1..) = (&state.tail, kept) {
            let mut body = self.get(&tail.key, 0..kept, None).await?;
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|error| MediaError::Remote(error.into()))?;
                buffer.extend_from_slice(&chunk);
            }
            if buffer.len() as u64 != kept {
                return Err(MediaError::Torn { offset });
            }
        }
        for tail in stale {
            self.delete(&tail).await?;
        }
        Ok(Appender { s3: self.clone(), handle, buffer, durable: offset })
    }

    pub async fn finish_upload(&self, handle: &UploadHandle, length: u64) -> Result<()> {
        let (key, mut state) = (&handle.key, handle.s3.clone());
        let kept = state.rewind(length)?;
        let tail = match &state.tail {
            Some(tail) if kept > 0 => {
                let body = self.get(&tail.key, 0..kept, None).await?;
                body.collect().await.map_err(|error| MediaError::Remote(error.into()))?.into_bytes()
            }
            _ => Bytes::new(),
        };
        match state.multipart {
            Some(id) if !state.parts.is_empty() => {
                if !tail.is_empty() {
                    let part = self.upload_part(key, &id, state.parts.len(), tail).await?;
                    state.parts.push(part);
                }
                self.complete(key, &id, state.parts).await?;
            }
            _ => self.put_bytes(key, tail, "application/octet-stream").await?,
        }
        self.clear(key).await
    }

    async fn complete(&self, key: &Key, id: &str, parts: Vec<Part>) -> Result<()> {
        let parts = parts.into_iter().enumerate().map(|(index, part)| {
            CompletedPart::builder().part_number(part_number(index)).e_tag(part.etag).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key.as_str())
            .upload_id(id)
            .multipart_upload(parts)
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        Ok(())
    }

    async fn upload_part(&self, key: &Key, id: &str, index: usize, bytes: Bytes) -> Result<Part> {
        let length = bytes.len() as u64;
        let part = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key.as_str())
            .upload_id(id)
            .part_number(part_number(index))
            .body(bytes.into())
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        Ok(Part { etag: part.e_tag().unwrap_or_default().to_owned(), length })
    }

    async fn begin_multipart(&self, key: &Key) -> Result<String> {
        let begun = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key.as_str())
            .content_type("application/octet-stream")
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        begun
            .upload_id()
            .map(str::to_owned)
            .ok_or_else(|| MediaError::Remote("a multipart upload without an id".into()))
    }

    pub async fn abort_upload(&self, handle: &UploadHandle) -> Result<()> {
        self.clear(&handle.key).await
    }

    /// Removes everything that stands beside an upload's object. Multipart uploads are asked of
    /// the store rather than taken from the handle: a killed process may have begun one whose id
    /// was never committed.
    async fn clear(&self, key: &Key) -> Result<()> {
        let going_on = self
            .client
            .list_multipart_uploads()
            .bucket(&self.bucket)
            .prefix(key.as_str())
            .send()
            .await
            .map_err(|error| failed(key, error))?;
        for upload in going_on.uploads().iter().filter(|upload| upload.key() == Some(key.as_str()))
        {
            let aborted = self
                .client
                .abort_multipart_upload()
                .bucket(&self.bucket)
                .key(key.as_str())
                .set_upload_id(upload.upload_id().map(str::to_owned))
                .send()
                .await
                .map_err(|error| failed(key, error));
            if let Err(error) = aborted
                && !matches!(error, MediaError::NotFound(_))
            {
                return Err(error);
            }
        }
        self.delete_prefix(&Prefix::tails(key)).await
    }
}

/// See [`super::Appender`]. Holds at most one part, and the chunk that completes it.
#[derive(Debug)]
pub struct Appender {
    s3: S3,
    pub(super) handle: UploadHandle,
    /// The bytes behind the last part.
    buffer: BytesMut,
    /// The offset up to which `handle` has all.
    durable: u64,
}

impl Appender {
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<Option<u64>> {
        let mut reached = None;
        while self.buffer.len() + bytes.len() >= PART {
            self.buffer.extend_from_slice(&bytes.split_to(PART - self.buffer.len()));
            reached = Some(self.store_part().await?);
        }
        self.buffer.extend_from_slice(&bytes);
        Ok(reached)
    }

    async fn store_part(&mut self) -> Result<u64> {
        let Self { s3, handle: UploadHandle { key, s3: state }, buffer, .. } = self;
        let id = match &state.multipart {
            Some(id) => id.clone(),
            None => state.multipart.insert(s3.begin_multipart(key).await?).clone(),
        };
        let bytes = std::mem::take(buffer).freeze();
        let part = s3.upload_part(key, &id, state.parts.len(), bytes).await?;
        state.parts.push(part);
        state.drop_tail();
        self.durable = state.parts_end();
        Ok(self.durable)
    }

    pub async fn flush(&mut self) -> Result<u64> {
        let Self { s3, handle: UploadHandle { key, s3: state }, buffer, durable } = self;
        let end = state.parts_end() + buffer.len() as u64;
        if end == *durable {
            return Ok(end);
        }
        let tail = Prefix::tails(key)
            .join(&uuid::Uuid::new_v4().to_string())
            .map_err(|error| MediaError::Remote(error.into()))?;
        let bytes = Bytes::copy_from_slice(buffer);
        let length = bytes.len() as u64;
        s3.put_bytes(&tail, bytes, "application/octet-stream").await?;
        state.drop_tail();
        state.tail = Some(Tail { key: tail, length });
        *durable = end;
        Ok(end)
    }
}

fn part_number(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

fn failed<E>(what: impl fmt::Display, error: SdkError<E>) -> MediaError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (status, error.code()) {
        (Some(404), code) if code != Some("NoSuchBucket") => MediaError::NotFound(what.to_string()),
        (status, code) if is_full(status, code, error.message()) => {
            let (code, message) = (code.unwrap_or_default(), error.message().unwrap_or_default());
            MediaError::Full(format!("{what}: {code} {message}"))
        }
        _ => MediaError::Remote(error.into()),
    }
}

/// S3 itself is never full, so its protocol has no word for it. MinIO answers `XMinioStorageFull` (507) and
/// `XMinioAdminBucketQuotaExceeded` (400), Ceph `QuotaExceeded` (403); Garage and Backblaze deny access (403) and say why in words.
fn is_full(status: Option<u16>, code: Option<&str>, message: Option<&str>) -> bool {
    let says = |text: Option<&str>, word: &str| {
        text.is_some_and(|text| text.to_ascii_lowercase().contains(word))
    };
    status == Some(507)
        || says(code, "quotaexceeded")
        || says(code, "storagefull")
        || (status == Some(403) && (says(message, "quota") || says(message, "storage cap")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_is_known_by_how_each_kind_says_it() {
        let full = [
            (
                507,
                "XMinioStorageFull",
                "Storage backend has reached its minimum free drive threshold.",
            ),
            (400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded"),
            (403, "QuotaExceeded", ""),
            (
                403,
                "AccessDenied",
                "Forbidden: Bucket size quota is reached, maximum total size of objects for this bucket: 1",
            ),
            (
                403,
                "AccessDenied",
                "Cannot upload files, storage cap exceeded. See the Caps & Alerts page",
            ),
        ];
        for (status, code, message) in full {
            assert!(is_full(Some(status), Some(code), Some(message)), "{code}: {message}");
        }
        let others = [
            (403, "AccessDenied", "Forbidden: Operation is not allowed for this key."),
            (503, "SlowDown", "Reduce your request rate."),
            (404, "NoSuchKey", "quota.mp4"),
        ];
        for (status, code, message) in others {
            assert!(!is_full(Some(status), Some(code), Some(message)), "{code}: {message}");
        }
        assert!(!is_full(None, None, None));
    }
}
