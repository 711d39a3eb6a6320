//! Kills again and again, while clients repeat the requests that got no answer.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    sync::{Condvar, Mutex, atomic::AtomicUsize, atomic::Ordering, mpsc},
    thread,
    time::Instant,
};

use serde_json::{Value, json};
use status_tracker::clock::Clock;

use super::{CLIENTS, Client, PATIENCE, Site};

const ENTRIES: usize = 1000;
const KILLS: usize = 20;
/// The number of acknowledgements between two kills; the last 100 entries meet a server that stays.
const ACKNOWLEDGED_BETWEEN_KILLS: usize = 45;
/// A client throws away the first answer for every so many entries, as if it had been lost on the way.
const LOST_ANSWER: usize = 8;

/// How many times the server has been replaced; clients without a server wait here for the next one.
#[derive(Default)]
struct Era {
    number: Mutex<usize>,
    changed: Condvar,
}

impl Era {
    fn now(&self) -> usize {
        *self.number.lock().unwrap()
    }

    fn next(&self) {
        *self.number.lock().unwrap() += 1;
        self.changed.notify_all();
    }

    fn wait_past(&self, seen: usize) {
        let number = self.number.lock().unwrap();
        let (number, _) = self.changed.wait_timeout_while(number, PATIENCE, |number| *number == seen).unwrap();
        assert_ne!(*number, seen, "no new server came");
    }
}

/// The work that the clients share.
#[derive(Default)]
struct Work {
    wanted: Vec<Value>,
    next: AtomicUsize,
    failures: AtomicUsize,
    repeats: AtomicUsize,
    era: Era,
}

/// Takes one entry after the other, and sends each until it is acknowledged.
fn log_all(work: &Work, mut client: Client, acknowledge: mpsc::Sender<String>) {
    loop {
        let number = work.next.fetch_add(1, Ordering::Relaxed);
        let Some(entry) = work.wanted.get(number) else { break };
        let mut answer_lost = number.is_multiple_of(LOST_ANSWER);
        loop {
            let seen = work.era.now();
            match client.request("POST", "/api/v1/entries", Some(entry)) {
                Ok((200 | 201, _)) if answer_lost => answer_lost = false,
                Ok((status @ (200 | 201), stored)) => {
                    for (field, value) in entry.as_object().unwrap() {
                        assert_eq!(&stored[field], value, "{field} as it was acknowledged");
                    }
                    work.repeats.fetch_add(usize::from(status == 200), Ordering::Relaxed);
                    acknowledge.send(stored["id"].as_str().unwrap().to_owned()).unwrap();
                    break;
                }
                Ok((503, _)) => drop(work.failures.fetch_add(1, Ordering::Relaxed)),
                Ok((status, problem)) => panic!("{status} for an entry like any other: {problem}"),
                Err(error) => {
                    work.failures.fetch_add(1, Ordering::Relaxed);
                    // A refused connection means no server now; after any other error there may be one again.
                    if error.kind() == ErrorKind::ConnectionRefused {
                        work.era.wait_past(seen);
                    }
                }
            }
        }
    }
}

#[test]
fn acknowledged_writes_survive_twenty_kills_once() {
    let site = Site::new();
    let token = site.token();
    let clock = Clock::system();
    // The ids and instants are the client's own, so the server need not know them beforehand.
    let wanted: Vec<Value> = (0..ENTRIES)
        .map(|number| {
            let at = status_tracker::clock::Timestamp(clock.now().0 - i64::try_from(number).unwrap() * 60_000);
            json!({"id": clock.new_id(), "metric": "water", "value": 1 + number, "at": at, "note": format!("entry {number}")})
        })
        .collect();
    let work = Work { wanted, ..Work::default() };
    let (acknowledge, acknowledged) = mpsc::channel::<String>();

    let mut server = site.serve();
    let mut acks = BTreeSet::new();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let acknowledge = acknowledge.clone();
            scope.spawn(|| log_all(&work, Client::new(site.address, &token), acknowledge));
        }
        drop(acknowledge);
        // Enough for twenty starts on a busy machine.
        let deadline = Instant::now() + PATIENCE * 6;
        for id in (0..ENTRIES).map(|_| {
            acknowledged
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .expect("an acknowledgement in time")
        }) {
            assert!(acks.insert(id), "each entry is acknowledged to its client once");
            if acks.len() % ACKNOWLEDGED_BETWEEN_KILLS == 0 && acks.len() / ACKNOWLEDGED_BETWEEN_KILLS <= KILLS {
                server.kill();
                server = site.serve();
                work.era.next();
            }
        }
    });
    let Work { wanted, failures, repeats, era, .. } = work;
    let (failures, repeats) = (failures.into_inner(), repeats.into_inner());
    println!("{failures} requests failed and were tried again; {repeats} found that they had been stored before");
    assert_eq!(era.now(), KILLS);
    // A kill cuts the connections of all clients, and all of them still had something to send.
    assert!(failures >= KILLS * CLIENTS / 2, "only {failures} requests were hit by {KILLS} kills");
    assert!(repeats >= ENTRIES / LOST_ANSWER, "the {repeats} repeats include each answer thrown away");
    server.kill();

    let stored = site.stored();
    assert_eq!(stored.len(), ENTRIES, "no entry is there twice, and none that nobody sent");
    for entry in &wanted {
        let id = entry["id"].as_str().unwrap();
        assert!(acks.contains(id));
        assert_eq!(stored[id], (entry["value"].as_i64().unwrap(), entry["note"].as_str().unwrap().to_owned()));
    }
    site.assert_sound();
}
