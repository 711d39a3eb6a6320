//! The list of somebody's entries, page by page.

use actix_web::http::StatusCode;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use status_tracker::account::model::Role;

use super::{all, path};
use crate::support::TestApp;

#[actix_web::test]
async fn pages_of_any_size_and_filter_show_each_entry_once_and_in_order() {
    let app = TestApp::start().await;
    let strategy = (
        // Few instants, so that many entries share one.
        prop::collection::vec((0_i64..12, any::<bool>(), 1..=10_i32), 0..40),
        1..=9_usize,
        any::<bool>(),
        prop::option::of(any::<bool>()),
        prop::option::of(25..=28_u32),
        prop::option::of(25..=28_u32),
    );
    let mut runner = TestRunner::deterministic();
    for case in 0..24 {
        let (logs, limit, ascending, metric, from, to) = strategy.new_tree(&mut runner).unwrap().current();
        let name = format!("person{case}");
        let person = app.named(&name, Role::Admin).await;
        let mut expected = Vec::new();
        for (six_hours, water, value) in logs {
            let at = format!("2026-02-{:02}T{:02}:00:00.000Z", 25 + six_hours / 4, six_hours % 4 * 6);
            expected.push(person.log(if water { "water" } else { "altitude" }, value, &at).await);
        }
        let metric = metric.map(|water| if water { "water" } else { "altitude" });
        let day = |day: u32| format!("2026-02-{day:02}");
        expected.retain(|entry| {
            metric.is_none_or(|metric| entry["metric"] == metric)
                && from.is_none_or(|from| entry["day"].as_str().unwrap() >= day(from).as_str())
                && to.is_none_or(|to| entry["day"].as_str().unwrap() <= day(to).as_str())
        });
        expected
            .sort_by_key(|entry| (entry["at"].as_str().unwrap().to_owned(), entry["id"].as_str().unwrap().to_owned()));
        if !ascending {
            expected.reverse();
        }
        let mut path = format!("/api/v1/people/{name}/entries?limit={limit}");
        path += if ascending { "&order=asc" } else { "" };
        path += &metric.map(|metric| format!("&metric={metric}")).unwrap_or_default();
        path += &from.map(|from| format!("&from={}", day(from))).unwrap_or_default();
        path += &to.map(|to| format!("&to={}", day(to))).unwrap_or_default();
        assert_eq!(all(&person, &path).await, expected, "{path}");
    }
}

#[actix_web::test]
async fn a_page_continues_where_the_one_before_ended_while_entries_come_and_go() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let mut entries = Vec::new();
    for hour in 0..6 {
        entries.push(robin.log("water", 100 + hour, &format!("2026-03-01T0{hour}:00:00Z")).await);
    }
    let first = robin.get("/api/v1/people/robin/entries?limit=3").await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    robin.log("water", 999, "2026-03-01T11:00:00Z").await;
    robin.delete(&path(&entries[3])).await.expect(StatusCode::NO_CONTENT);
    let second = robin.get(&format!("/api/v1/people/robin/entries?limit=3&cursor={cursor}")).await;
    let values: Vec<_> =
        second.json["items"].as_array().unwrap().iter().map(|entry| entry["value"].as_i64().unwrap()).collect();
    assert_eq!(values, [102, 101, 100]);
    assert_eq!(second.json["next_cursor"], json!(null));
}

#[actix_web::test]
async fn a_cursor_from_elsewhere_is_refused() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    for hour in 0..3 {
        for person in [&robin, &sasha] {
            person.log("water", 100, &format!("2026-03-01T0{hour}:00:00Z")).await;
        }
    }
    let viewer = app.viewer().await;
    let first = viewer.get("/api/v1/people/robin/entries?limit=1").await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    viewer.get(&format!("/api/v1/people/robin/entries?limit=2&cursor={cursor}")).await.expect(StatusCode::OK);
    for elsewhere in [
        format!("sasha/entries?cursor={cursor}"),
        format!("robin/entries?cursor={cursor}&order=asc"),
        format!("robin/entries?cursor={cursor}&metric=water"),
        format!("robin/entries?cursor={cursor}&from=2026-03-01"),
        format!("robin/entries?cursor=AAAAAA{}", &cursor[6..]),
        format!("robin/entries?cursor={}", &cursor[2..]),
        "robin/entries?cursor=MTIzNDU2Nzg5MCAxMjM0NTY3ODkw".to_owned(),
        "robin/entries?cursor=".to_owned(),
        "robin/entries?cursor=%01%ff".to_owned(),
    ] {
        viewer.get(&format!("/api/v1/people/{elsewhere}")).await.expect_problem(422, "invalid_cursor");
    }
    let people = viewer.get("/api/v1/people?limit=1").await;
    let cursor = people.json["next_cursor"].as_str().unwrap();
    viewer.get(&format!("/api/v1/people/robin/entries?cursor={cursor}")).await.expect_problem(422, "invalid_cursor");
    for query in
        ["limit=0", "limit=501", "limit=-1", "metric=steps", "order=up", "from=2026-02-30", "from=today", "sort=note"]
    {
        viewer.get(&format!("/api/v1/people/robin/entries?{query}")).await.expect_problem(422, "invalid");
    }
}
