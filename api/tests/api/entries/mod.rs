//! Entries: logged, changed, read, and put back to earlier versions.

mod deleted;
mod fits;
mod order;
mod ounces;
mod pages;
mod queued;
mod recompute;
mod rewind;
mod time;
mod versions;
mod writes;

use actix_web::http::StatusCode;
use serde_json::Value;

use crate::support::Client;

const ENTRIES: &str = "/api/v1/entries";
const ID: &str = "019cb2f0-0000-7000-8000-000000000001";

fn path(entry: &Value) -> String {
    format!("{ENTRIES}/{}", entry["id"].as_str().unwrap())
}

/// Follows the cursor from `path` to the end and returns all items.
async fn all(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = path.to_owned();
    loop {
        let mut page = client.get(&next).await;
        page.expect(StatusCode::OK);
        items.append(page.json["items"].as_array_mut().unwrap());
        let Some(cursor) = page.json["next_cursor"].as_str() else { return items };
        next = format!("{path}&cursor={cursor}");
    }
}
