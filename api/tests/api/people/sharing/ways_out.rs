//! Every way by which something of a person reaches a viewer. Each is tested for what it shows and what it hides.

use status_tracker::server::document;

use super::{ASK_ROBIN, comparable};
use crate::{events::listener::Listener, support::Client};

/// Addresses that answer once. `{person}` stands for the person they are about.
pub const ADDRESSES: &[&str] = &[
    "/api/v1/start",
    "/api/v1/start?person={person}",
    "/api/v1/people",
    "/api/v1/people?limit=1",
    "/api/v1/people/{person}/status",
    "/api/v1/people/{person}/entries",
    "/api/v1/people/{person}/entries?limit=3",
    "/api/v1/people/{person}/entries?limit=4&order=asc",
    "/api/v1/people/{person}/entries?limit=3&metric=water",
    "/api/v1/people/{person}/entries?limit=2&metric=altitude&order=asc",
    "/api/v1/people/{person}/entries?from=2026-03-01",
    "/api/v1/people/{person}/entries?to=2026-02-28&order=asc",
    "/api/v1/people/{person}/entries?from=2026-02-28&to=2026-02-28&metric=water",
    "/api/v1/people/{person}/entries?limit=0",
    "/api/v1/people/{person}/entries?order=value",
    "/api/v1/people/{person}/entries?metric=mood",
    "/api/v1/people/{person}/entries?cursor=made-up",
    "/api/v1/people/{person}/entries/019cb2f0-0000-7000-8000-000000000001",
    "/api/v1/people/{person}",
    "/api/v1/entries/019cb2f0-0000-7000-8000-000000000001",
    "/api/v1/me/shares",
    "/api/v1/me/audience",
    "/api/v1/admin/audit",
];

/// Streams, of which the beginning is compared, down to its id.
pub const STREAMS: &[&str] = &["/api/v1/people/{person}/events", "/api/v1/me/events"];

/// The text before the id of an event.
pub const ID_IS: &str = "with the id ";

/// All answers about robin that `viewer` gets, by every way and page by page: status, headers and body of each.
pub async fn all_answers(viewer: &Client) -> Vec<String> {
    let mut found = Vec::new();
    for address in ADDRESSES {
        let first = address.replace("{person}", "robin");
        let mut next = Some(first.clone());
        while let Some(path) = next {
            let answer = viewer.get(&path).await;
            found.push(format!("{path}: {}", comparable(&answer)));
            let continues =
                |cursor: &str| format!("{first}{}cursor={cursor}", if first.contains('?') { '&' } else { '?' });
            next = answer.json["next_cursor"].as_str().map(continues);
        }
    }
    for address in STREAMS {
        let path = address.replace("{person}", "robin");
        match Listener::try_open(viewer, &path, "").await {
            Ok(mut stream) => {
                let first = stream.next().await.expect("a stream begins with how things are");
                found.extend([format!("{path}: {} {}", first.name, first.data), format!("{path} {ID_IS}{}", first.id)]);
            }
            Err(refused) => found.push(format!("{path}: {}", comparable(&refused))),
        }
    }
    found.push(format!("{ASK_ROBIN}: {}", comparable(&viewer.ask(ASK_ROBIN).await)));
    found
}

#[test]
fn no_way_out_is_missing() {
    let document = serde_json::to_value(document()).unwrap();
    for (path, _) in document["paths"].as_object().unwrap().iter().filter(|(_, item)| item.get("get").is_some()) {
        let path = path.replace("{username}", "{person}");
        let listed = |address: &&&str| address.split('?').next() == Some(&path);
        let shows_people = path.starts_with("/api/v1/people") || path == "/api/v1/start";
        assert!(!shows_people || ADDRESSES.iter().chain(STREAMS).find(listed).is_some(), "{path} is not tried");
    }
}
