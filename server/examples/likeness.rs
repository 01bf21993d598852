//! How quickly the nearest of 100,000 fingerprints are found, beside the same question put to the database in SQL.
//!
//! `cargo run --release -p server --example likeness -- DATABASE`, where DATABASE is a file that does not exist yet, or the `postgres://…` of
//! an empty database. Prints one JSON object, times in milliseconds. Ends with an error if the two answers differ.
#![allow(clippy::print_stdout)]

use anyhow::{Context, bail};
use rusqlite::{Connection, params};
use server::db::{Db, migrations};
use server::likeness::{self, Likeness, Match, Medium, SAME_PICTURE};
use server::time_id::{Clock, PhotoId, VideoId};
use sqlx::Row as _;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use transcoder_protocol::Fingerprint;

const FILMS: usize = 1_000;
const TILES: usize = 60;
const PHOTOS: usize = 40_000;
/// Media recorded in one transaction.
const TOGETHER: usize = 500;
/// What a caller asks for.
const LIMIT: usize = 20;
const QUERIES: usize = 2_000;
const SQL_QUERIES: usize = 60;
const FILM_QUERIES: usize = 200;

/// SQLite has neither XOR nor a count of bits. `LIMIT -1` keeps it from putting each step into the next, twice.
const ON_SQLITE: &str = "
    SELECT medium_kind || medium_id, MIN(distance) FROM (
      SELECT medium_kind, medium_id, ((n * 16843009) >> 24) & 255 AS distance FROM (
        SELECT medium_kind, medium_id, ((a + (a >> 4)) & 252645135) + ((b + (b >> 4)) & 252645135) AS n FROM (
          SELECT medium_kind, medium_id, (a & 858993459) + ((a >> 2) & 858993459) AS a,
            (b & 858993459) + ((b >> 2) & 858993459) AS b FROM (
            SELECT medium_kind, medium_id, a - ((a >> 1) & 1431655765) AS a, b - ((b >> 1) & 1431655765) AS b FROM (
              SELECT medium_kind, medium_id, x & 4294967295 AS a, (x >> 32) & 4294967295 AS b FROM (
                SELECT medium_kind, medium_id, ~(hash & ?1) & (hash | ?1) AS x FROM fingerprints WHERE hash IS NOT NULL LIMIT -1
              ) LIMIT -1
            ) LIMIT -1
          ) LIMIT -1
        ) LIMIT -1
      ) LIMIT -1
    ) WHERE distance <= ?2 GROUP BY medium_kind, medium_id ORDER BY 2 LIMIT ?3";

const ON_POSTGRES: &str = "
    SELECT medium_kind || medium_id, MIN(bit_count((hash # $1)::bit(64))) FROM fingerprints
    WHERE bit_count((hash # $1)::bit(64)) <= $2 GROUP BY medium_kind, medium_id ORDER BY 2 LIMIT $3";

/// A fixed sequence of 64-bit words (SplitMix64).
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The same picture at another size: a few other bits.
    fn like(&mut self, hash: u64) -> u64 {
        (0..self.next() % 7).fold(hash, |hash, _| hash ^ 1 << (self.next() % 64))
    }
}

enum Peer {
    Sqlite(Connection),
    Postgres(Box<sqlx::PgConnection>),
}

impl Peer {
    async fn open(url: &str) -> anyhow::Result<Self> {
        use sqlx::Connection as _;
        if url.starts_with("postgres") {
            return Ok(Self::Postgres(Box::new(sqlx::PgConnection::connect(url).await?)));
        }
        let connection = Connection::open(url)?;
        connection.execute_batch("PRAGMA cache_size=-16000; PRAGMA mmap_size=268435456;")?;
        Ok(Self::Sqlite(connection))
    }

    /// Media and distances.
    async fn nearest(&mut self, hash: u64) -> anyhow::Result<Vec<(String, u32)>> {
        let (hash, within, limit) = (hash.cast_signed(), SAME_PICTURE, LIMIT as i64);
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(ON_SQLITE)?;
                let rows = statement.query_map(params![hash, within, limit], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            }
            Self::Postgres(connection) => {
                let query = sqlx::query(ON_POSTGRES).bind(hash).bind(i64::from(within)).bind(limit);
                let rows = query.fetch_all(&mut **connection).await?;
                let read = |row: &sqlx::postgres::PgRow| {
                    Ok((row.try_get(0)?, u32::try_from(row.try_get::<i64, _>(1)?)?))
                };
                rows.iter().map(read).collect()
            }
        }
    }
}

fn named(found: &[Match]) -> BTreeSet<(String, u32)> {
    let name = |medium| match medium {
        Medium::Photo(id) => format!("photo{id}"),
        Medium::Video(id) => format!("video{id}"),
    };
    found.iter().map(|one| (name(one.medium), one.distance)).collect()
}

/// Median and 99th percentile, in milliseconds.
fn summary(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    format!("{{\"p50\":{:.4},\"p99\":{:.4}}}", at(50), at(99))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).context("DATABASE")?;
    let db = Db::open(&url).await?;
    migrations::migrate(&db, &Clock::System).await?;
    let mut words = Words(7);
    let (mut known, mut films) = (Vec::new(), Vec::new());
    let tiles = std::iter::repeat_n(TILES, FILMS).chain(std::iter::repeat_n(1, PHOTOS));
    let media: Vec<(Medium, Vec<(u64, Fingerprint)>)> = tiles
        .map(|tiles| {
            let medium = match tiles {
                1 => Medium::Photo(PhotoId::new(&Clock::System)),
                _ => Medium::Video(VideoId::new(&Clock::System)),
            };
            let prints = (0..tiles as u64).map(|n| (n * 1000, Fingerprint(words.next()))).collect();
            (medium, prints)
        })
        .collect();
    for together in media.chunks(TOGETHER) {
        let mut tx = db.begin().await?;
        for (medium, prints) in together {
            likeness::record(&mut tx, *medium, prints).await?;
            known.extend(prints.iter().map(|(_, print)| print.0));
            if prints.len() > 1 {
                films.push(*medium);
            }
        }
        tx.commit().await?;
    }

    let likeness = Likeness::default();
    let begun = Instant::now();
    let count = likeness.count(&db).await?;
    let start = begun.elapsed();
    let asked: Vec<u64> = (0..QUERIES)
        .map(|_| {
            let some = known[words.next() as usize % known.len()];
            if words.next().is_multiple_of(2) { words.like(some) } else { words.next() }
        })
        .collect();
    let mut times = Vec::with_capacity(QUERIES);
    for &hash in &asked {
        let begun = Instant::now();
        likeness.nearest(&db, Fingerprint(hash), SAME_PICTURE, LIMIT).await?;
        times.push(begun.elapsed());
    }
    let mut film_times = Vec::with_capacity(FILM_QUERIES);
    for film in films.iter().take(FILM_QUERIES) {
        let begun = Instant::now();
        likeness.like(&db, *film, SAME_PICTURE, LIMIT).await?;
        film_times.push(begun.elapsed());
    }
    let mut peer = Peer::open(&url).await?;
    let mut sql_times = Vec::with_capacity(SQL_QUERIES);
    for &hash in asked.iter().take(SQL_QUERIES) {
        let begun = Instant::now();
        let found = peer.nearest(hash).await?;
        sql_times.push(begun.elapsed());
        let ours = likeness.nearest(&db, Fingerprint(hash), SAME_PICTURE, LIMIT).await?;
        if named(&ours) != found.into_iter().collect() {
            bail!("the two do not agree about {hash:016x}");
        }
    }
    println!(
        "{{\"fingerprints\":{count},\"start\":{:.1},\"nearest\":{},\"film\":{},\"sql\":{}}}",
        start.as_secs_f64() * 1000.0,
        summary(times),
        summary(film_times),
        summary(sql_times),
    );
    Ok(())
}
