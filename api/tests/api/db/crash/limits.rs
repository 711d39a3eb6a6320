//! The limits' counts, through kills and restarts.

use std::{sync::mpsc, thread};

use serde_json::json;

use super::{Client, PATIENCE, Site};

/// Fifty requests at once, killed in the middle: those let through before and after add up to the limit exactly.
#[test]
fn the_counts_of_the_limits_survive_kills_to_the_request() {
    const LIMIT: usize = 300;
    let mut site = Site::new();
    let token = site.token();
    site.settings = vec![("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "300/24h")];
    let (mut answered, mut broken) = (0, 0);
    for kill_after in [70, 90] {
        let mut server = site.serve();
        let (tell, told) = mpsc::channel::<bool>();
        thread::scope(|scope| {
            for _ in 0..50 {
                let (tell, token, address) = (tell.clone(), &token, site.address);
                scope.spawn(move || ask_until_cut_off(Client::new(address, token), &tell));
            }
            drop(tell);
            let mut now = 0;
            while let Ok(let_through) = told.recv_timeout(PATIENCE) {
                if let_through {
                    now += 1;
                    if now == kill_after {
                        server.kill();
                    }
                } else {
                    broken += 1;
                }
            }
            answered += now;
        });
    }
    let server = site.serve();
    let mut client = Client::new(site.address, &token);
    let mut after = 0;
    let refused = loop {
        match client.request("GET", "/api/v1/me", None).unwrap() {
            (200, _) => after += 1,
            (status, problem) => break (status, problem["code"].clone()),
        }
    };
    assert_eq!(refused, (429, json!("rate_limited")));
    // The client cannot know whether a request that a kill cut off was let through. All others add up.
    println!("{answered} answered before, {broken} cut off, {after} after");
    assert!(answered + after <= LIMIT, "{answered} + {after} are more than {LIMIT}");
    assert!(answered + broken + after >= LIMIT, "{answered} + {broken} + {after} are less than {LIMIT}");
    let journal = std::fs::read_to_string(site.path("limits.journal")).unwrap();
    let counted: usize = journal.lines().map(|line| line.split(' ').nth(1).unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(counted, LIMIT);
    drop(server);

    let server = site.serve();
    let (status, problem) = Client::new(site.address, &token).request("GET", "/api/v1/me", None).unwrap();
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")), "a restart gives nothing back");
    drop(server);
}

/// Sends requests until the server is gone, and reports of each whether it was let through.
fn ask_until_cut_off(mut client: Client, tell: &mpsc::Sender<bool>) {
    while let Ok((status, problem)) = client.request("GET", "/api/v1/me", None) {
        assert_eq!(status, 200, "{problem}");
        tell.send(true).unwrap();
    }
    tell.send(false).unwrap();
}
