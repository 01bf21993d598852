//! Whose turn it is in the line of jobs: fair between people, told as it comes, and nobody waits for ever.

use rstest::rstest;
use server::app::App;
use server::jobs::{self, Job, JobError, Lane, Lease, Registry, Worker};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tests::{Database, TestApp};

/// What was done, in order, of each scene (a test may run beside others).
static DONE: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

fn done(scene: &str) -> Vec<String> {
    let done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    done.iter().filter(|(of, _)| of == scene).map(|(_, name)| name.clone()).collect()
}

/// `a1`: the first of a person called a.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Film {
    scene: String,
    name: String,
    /// So many more that its person sends, each when the one before is done.
    then: u32,
}

impl Film {
    fn person(&self) -> &str {
        &self.name[..1]
    }
}

impl Job for Film {
    const KIND: &'static str = "test_film";
    const LANE: Lane = Lane::Heavy;

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        if self.then > 0 {
            let next =
                Self { name: format!("{}+", self.name), then: self.then - 1, ..self.clone() };
            jobs::enqueue_in_turn(&mut tx, &app.clock, &next, self.person()).await?;
        }
        tx.commit().await?;
        let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
        done.push((self.scene.clone(), self.name.clone()));
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::default().with::<Film>()
}

struct Scene {
    site: TestApp,
    name: String,
}

impl Scene {
    async fn open(database: Database) -> Self {
        Self { site: TestApp::start(database).await, name: uuid::Uuid::new_v4().to_string() }
    }

    async fn send(&self, name: &str) {
        self.send_then(name, 0).await;
    }

    async fn send_then(&self, name: &str, then: u32) {
        let film = Film { scene: self.name.clone(), name: name.to_owned(), then };
        let mut tx = self.site.db().begin().await.unwrap();
        jobs::enqueue_in_turn(&mut tx, &self.site.clock, &film, film.person()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn told(&self) -> Vec<String> {
        let line: Vec<Film> = jobs::in_line(self.site.db(), 1000).await.unwrap();
        line.into_iter().map(|film| film.name).collect()
    }

    /// Does all there is. Returns it in the order it was done.
    async fn run(&self) -> Vec<String> {
        jobs::run_until_idle(&self.site.app, &registry()).await.unwrap();
        done(&self.name)
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_films_of_one_member_dont_hold_up_anothers(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(0, 1000)] between_ms: u64,
) {
    let scene = Scene::open(database).await;
    for film in ["a1", "a2", "a3", "b1"] {
        scene.send(film).await;
        scene.site.clock.advance(Duration::from_millis(between_ms));
    }
    assert_eq!(scene.told().await, ["a1", "b1", "a2", "a3"]);
    assert_eq!(scene.run().await, ["a1", "b1", "a2", "a3"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_told_is_the_order_taken_whatever_was_sent(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    // A plain generator: the same scenes each time.
    let mut state = 7u32;
    let mut below = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % n
    };
    for _ in 0..12 {
        let scene = Scene::open(database).await;
        let mut sent: HashMap<char, u32> = HashMap::new();
        for _ in 0..2 + below(14) {
            let person = char::from(b'a' + below(4) as u8);
            let number = sent.entry(person).or_default();
            *number += 1;
            scene.send(&format!("{person}{number}")).await;
            scene.site.clock.advance(Duration::from_millis(u64::from(below(3)) * 500));
        }
        let told = scene.told().await;
        assert_eq!(scene.run().await, told);
        // In what was sent together, nobody has a second turn before everyone has had a first.
        let rounds: Vec<&str> = told.iter().map(|film| &film[1..]).collect();
        let mut sorted = rounds.clone();
        sorted.sort_by_key(|round| round.parse::<u32>().unwrap());
        assert_eq!(rounds, sorted, "{told:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_one_after_another_does_not_starve_who_sent_many_at_once(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let scene = Scene::open(database).await;
    for film in ["a1", "a2", "a3"] {
        scene.send(film).await;
    }
    for film in ["b1", "c1"] {
        scene.send_then(film, 20).await;
    }
    let order = scene.run().await;
    for film in ["a2", "a3"] {
        let place = order.iter().position(|done| done == film).unwrap();
        assert!(place <= 8, "{film} is number {place} of {order:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_workers_take_turns_too(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let scene = Scene::open(database).await;
    let mut all = Vec::new();
    for person in ["a", "b", "c"] {
        for number in 1..=12 {
            let film = format!("{person}{number}");
            scene.send(&film).await;
            all.push(film);
        }
    }
    let workers: Vec<Worker> =
        (0..2).map(|_| Worker::start(&scene.site.app, registry(), 0, 2)).collect();
    let begun = Instant::now();
    while done(&scene.name).len() < all.len() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", done(&scene.name));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for worker in workers {
        worker.stop(Duration::from_secs(5)).await;
    }
    let order = done(&scene.name);
    // Four at a time may overtake one another by a little: a c is done before the fifth a.
    let first_of_c = order.iter().position(|film| film.starts_with('c')).unwrap();
    assert!(first_of_c < 12, "{order:?}");
    let mut sorted = order;
    sorted.sort();
    all.sort();
    assert_eq!(sorted, all, "each once");
}
