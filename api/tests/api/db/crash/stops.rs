//! A server asked to stop while it writes: it finishes requests in flight, and then ends.

use std::{
    collections::BTreeSet,
    net::TcpStream,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use serde_json::json;
use status_tracker::clock::Clock;

use super::{CLIENTS, Client, PATIENCE, Site};

#[test]
fn sigterm_lets_what_is_in_flight_finish() {
    let mut site = Site::new();
    // The listener closes at once, since the locks below do not wait for long.
    site.settings.push(("STOP_DELAY_SECONDS", "0"));
    let token = site.token();
    let clock = Clock::system();
    let mut server = site.serve();
    // A worker knows each connection before it is used: connections that wait to be accepted are not in flight.
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::new(site.address, &token)).collect();
    for client in &mut clients {
        assert_eq!(client.request("GET", "/health/live", None).unwrap().0, 200);
    }
    let mut idle = Client::new(site.address, &token);
    assert_eq!(idle.request("GET", "/health/live", None).unwrap().0, 200);

    // Another connection holds the database, so that the writes below stay in flight for as long as this test needs.
    let mut holder = site.connect();
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    let ids: Vec<String> = clients.iter().map(|_| clock.new_id().to_string()).collect();
    for (client, id) in clients.iter_mut().zip(&ids) {
        client.send("POST", "/api/v1/entries", Some(&json!({"id": id, "metric": "altitude", "value": 7}))).unwrap();
    }
    // A worker reads its connections in the order in which data arrives on them, and new ones go round the workers. Once these are
    // answered, the writes have been read.
    for _ in 0..2 * thread::available_parallelism().unwrap().get() {
        let answer = Client::new(site.address, &token).request("GET", "/health/live", None).unwrap();
        assert_eq!(answer.0, 200);
    }

    let begun = Instant::now();
    server.signal("TERM");
    while TcpStream::connect(site.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "a server that has been asked to stop goes on accepting");
        thread::yield_now();
    }
    holder.batch_execute("COMMIT").unwrap();
    drop(holder);
    for (client, id) in clients.iter_mut().zip(&ids) {
        let (status, stored) = client.receive().expect("an answer to what was in flight");
        assert_eq!((status, stored["id"].as_str()), (201, Some(id.as_str())));
    }
    drop(clients);
    let status = server.wait();
    let took = begun.elapsed();
    println!("stopped after {took:?}");
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "an idle connection does not hold up the end: {took:?}");
    assert!(idle.request("GET", "/health/live", None).is_err());

    let log = std::fs::metadata(site.path("status-tracker.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "all is in the database file itself");
    assert_eq!(site.stored().into_keys().collect::<BTreeSet<_>>(), ids.into_iter().collect());
    site.assert_sound();
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_acknowledged() {
    let site = Site::new();
    let token = site.token();
    let clock = Clock::system();
    let mut server = site.serve();
    let (acknowledge, acknowledged) = mpsc::channel::<String>();
    let mut acks = BTreeSet::new();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let acknowledge = acknowledge.clone();
            let (clock, token) = (&clock, &token);
            scope.spawn(move || {
                let mut client = Client::new(site.address, token);
                loop {
                    let id = clock.new_id().to_string();
                    let entry = json!({"id": id, "metric": "altitude", "value": 7});
                    match client.request("POST", "/api/v1/entries", Some(&entry)) {
                        Ok((status, problem)) => assert_eq!(status, 201, "{problem}"),
                        // The server closed the connection, or is gone.
                        Err(_) => break,
                    }
                    acknowledge.send(id).unwrap();
                }
            });
        }
        drop(acknowledge);
        let mut stopping = None;
        while let Ok(id) = acknowledged.recv_timeout(PATIENCE) {
            acks.insert(id);
            if acks.len() == 200 {
                server.signal("TERM");
                stopping = Some(Instant::now());
            }
        }
        assert_eq!(server.wait().code(), Some(0));
        let took = stopping.expect("200 acknowledgements").elapsed();
        println!("stopped after {took:?} with {} acknowledged", acks.len());
        assert!(took < Duration::from_secs(10), "{took:?}");
    });
    let stored: BTreeSet<String> = site.stored().into_keys().collect();
    assert!(acks.is_subset(&stored), "lost: {:?}", acks.difference(&stored));
    // Written but not acknowledged, because the connection closed in between: at most one for each client.
    assert!(stored.len() <= acks.len() + CLIENTS);
    site.assert_sound();
}

/// Readiness tells a balancer while requests are still answered, over old and new connections.
#[test]
fn sigterm_is_seen_before_anybody_is_refused() {
    let mut site = Site::new();
    let token = site.token();
    site.settings.push(("STOP_DELAY_SECONDS", "20"));
    let mut server = site.serve();
    let mut idle: Vec<Client> = (0..3).map(|_| Client::new(site.address, &token)).collect();
    for client in &mut idle {
        assert_eq!(client.request("GET", "/health/live", None).unwrap().0, 200);
    }
    server.signal("TERM");
    let deadline = Instant::now() + PATIENCE;
    let seen = loop {
        let (status, report) = Client::new(site.address, "").request("GET", "/health/ready", None).unwrap();
        if status != 200 {
            break (status, report);
        }
        assert!(Instant::now() < deadline, "readiness goes on as if nothing had happened");
    };
    assert_eq!((seen.0, seen.1["checks"]["accepting"].as_str()), (503, Some("failing")));
    for client in &mut idle {
        assert_eq!(client.request("GET", "/api/v1/me", None).unwrap().0, 200);
        assert!(!client.is_connected(), "nothing more is to come over it");
    }
    let entry = json!({"id": Clock::system().new_id().to_string(), "metric": "altitude", "value": 7});
    assert_eq!(Client::new(site.address, &token).request("POST", "/api/v1/entries", Some(&entry)).unwrap().0, 201);
    // A second signal does not wait.
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(1));
    assert_eq!(site.stored().len(), 1);
}
