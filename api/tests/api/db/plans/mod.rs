//! Every statement that the HTTP surface executes finds its rows by an index, whatever is in the database.
//!
//! The statements are not listed here: they are overheard while `matrix` calls every route, and `calls` the ones whose statements depend on
//! their parameters. `make bench` measures the effect.

mod calls;
pub mod once;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};

use crate::{matrix, support::TestApp};

#[actix_web::test]
async fn every_statement_of_the_api_uses_an_index() {
    set_default_instrumentation(overhear).unwrap();
    let (every_route, every_way) = (TestApp::start().await, TestApp::start().await);
    matrix::call_every_route(&every_route).await;
    calls::call_in_every_way(&every_way).await;

    let database = database_of(&every_way);
    let mut overheard = OVERHEARD.lock().unwrap();
    let mut statements = overheard.remove(&database).expect("what was said while every way was called");
    statements
        .extend(overheard.remove(&database_of(&every_route)).expect("what was said while every route was called"));
    drop(overheard);
    let touches_rows = |sql: &&String| {
        let verb = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| sql.starts_with(verb));
        verb && ["sqlite_master", "pragma_", "__diesel_schema_migrations"].iter().all(|table| !sql.contains(table))
    };
    let statements: Vec<&String> = statements.iter().filter(touches_rows).collect();
    assert!(statements.len() > 40, "hardly anything was overheard: {statements:#?}");

    let mut connection = SqliteConnection::establish(&database).unwrap();
    judge(&mut connection, &statements, "an empty database");
    fill(&mut connection);
    judge(&mut connection, &statements, "100,000 entries");
    connection.batch_execute("ANALYZE").unwrap();
    judge(&mut connection, &statements, "100,000 entries and statistics about them");
}

/// Deleting a user looks for everything that belongs to them. SQLite does not explain those plans, and without an index it reads the whole
/// table.
#[actix_web::test]
async fn a_row_that_refers_to_another_is_found_by_an_index() {
    let app = TestApp::start().await;
    let mut connection = SqliteConnection::establish(&database_of(&app)).unwrap();
    let unindexed: Vec<Line> = sql_query(
        "SELECT child.name || '.' || key.\"from\" AS detail
         FROM sqlite_master AS child, pragma_foreign_key_list(child.name) AS key
         WHERE child.type = 'table' AND key.seq = 0 AND NOT EXISTS (
             SELECT 1 FROM pragma_index_list(child.name) AS list, pragma_index_info(list.name) AS part
             WHERE NOT list.partial AND part.seqno = 0 AND part.name = key.\"from\")",
    )
    .load(&mut connection)
    .unwrap();
    assert!(unindexed.is_empty(), "{unindexed:?}");
}

fn database_of(app: &TestApp) -> String {
    app.folder.path().join("status-tracker.db").to_str().unwrap().to_owned()
}

/// The statements that reached each database of this process, by the file's path: other tests run at the same time.
static OVERHEARD: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

#[expect(clippy::unnecessary_wraps, reason = "the signature is Diesel's")]
fn overhear() -> Option<Box<dyn Instrumentation>> {
    let mut database = String::new();
    Some(Box::new(move |event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut database),
        InstrumentationEvent::StartQuery { query, .. } => {
            let query = query.to_string();
            let sql = query.split(" -- binds: ").next().unwrap_or_default().to_owned();
            OVERHEARD.lock().unwrap().entry(database.clone()).or_default().insert(sql);
        }
        _ => {}
    }))
}

#[derive(Debug, QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn judge(connection: &mut SqliteConnection, statements: &[&String], with: &str) {
    let mut faults = Vec::new();
    for sql in statements {
        let plan: Vec<Line> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(connection).unwrap();
        let plan: Vec<&str> = plan.iter().map(|line| line.detail.as_str()).collect();
        if !is_bounded(sql, &plan) {
            faults.push(format!("{sql}\n    {}", plan.join("\n    ")));
        }
    }
    assert!(faults.is_empty(), "with {with}:\n{}", faults.join("\n"));
}

fn is_bounded(sql: &str, plan: &[&str]) -> bool {
    // Health asks whether a table can be read and takes the first row there is.
    if sql == "SELECT 1 FROM users LIMIT 1" || sql == "SELECT 1" {
        return true;
    }
    let history = sql.contains(" ORDER BY `entries`.`at`") && sql.contains("`entries`.`note`");
    let index = if sql.contains("(`entries`.`metric` = ?)") { "entries_by_metric_time" } else { "entries_by_time" };
    plan.iter().all(|step| {
        // Only the rows of an INSERT may be walked through from end to end.
        let found = ["INDEX ", "INTEGER PRIMARY KEY "].iter().any(|index| step.contains(index));
        let search = step.starts_with("SEARCH ") && step.contains(" USING ") && found;
        // A subquery has steps of its own.
        search || step.ends_with("CONSTANT ROW") || step.starts_with("CORRELATED SCALAR SUBQUERY ")
    }) && (!history || plan.iter().any(|step| step.contains(&format!(" INDEX {index} ("))))
}

/// A second person with many entries, beside the one that the routes were called for.
fn fill(connection: &mut SqliteConnection) {
    connection
        .batch_execute(
            "INSERT INTO users (id, username, display_name, role, password_hash, time_zone, day_starts_at, unit, daily_goal_ml,
                                water_presets_ml, created_at)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             SELECT printf('user-%d', n), printf('user-%d', n), 'x', iif(n <= 2, 'admin', 'viewer'), 'x', 'UTC', 0, 'ml', 2000, '[]', 0
             FROM n;
             INSERT INTO shares (person_id, viewer_id, state, water, altitude, history, export, since)
             SELECT printf('user-%d', 1 + rowid % 2), id, 'approved', 'exact', 'band', 1, 0, 0 FROM users WHERE role = 'viewer';
             INSERT INTO looks (person_id, viewer_id, last_at)
             SELECT printf('user-%d', 1 + rowid % 2), id, 0 FROM users WHERE role = 'viewer';
             INSERT INTO processes (id, seen_at) SELECT id, 0 FROM users;
             INSERT INTO watchers (person_id, viewer_id, process_id, since)
             SELECT printf('user-%d', 1 + rowid % 100), id, id, 0 FROM users WHERE role = 'viewer';
             INSERT INTO security_events (id, at, kind, detail)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             SELECT printf('event-%d', n), n, 'scanner', 'x' FROM n;
             INSERT INTO penalties (id, caller, level, until, imposed_at, reason)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             SELECT printf('penalty-%d', n), printf('user %d', n), 1, n, n, 'x' FROM n;
             INSERT INTO outbox (id, person_id, at, topic, level, subject)
             WITH RECURSIVE n (n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
             SELECT n, printf('user-%d', 1 + n % 2), n, iif(n % 3 = 0, 'share', 'water'), 1, printf('user-%d', 3 + n % 900) FROM n;
             INSERT INTO processes (id, seen_at)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100)
             SELECT printf('process-%d', n), n FROM n;
             INSERT INTO watchers (person_id, viewer_id, process_id, since)
             WITH RECURSIVE n (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             SELECT printf('user-%d', 1 + n % 2), printf('user-%d', n), printf('process-%d', 1 + n % 100), n FROM n;
             INSERT INTO shares (person_id, viewer_id, state, water, altitude, history, export, since)
             WITH RECURSIVE n (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             SELECT printf('user-%d', 1 + n % 2), printf('user-%d', n), 'approved', 'exact', 'exact', 1, 0, n FROM n;
             INSERT INTO invites (id, code_hash, role, expires_at, max_uses, created_by, created_at)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             SELECT printf('invite-%d', n), printf('hash-%d', n), 'viewer', n, 1, printf('user-%d', 1 + n % 2), n FROM n;
             INSERT INTO entries (user_id, id, metric, value, at, day, tags, created_at, updated_at, deleted_at)
             WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
             SELECT printf('user-%d', 1 + n % 2), printf('entry-%d', n), iif(n % 10 < 7, 'water', 'altitude'), 1 + n % 10,
                    1700000000000 + n * 600000, date(1700000000 + n * 600, 'unixepoch'), '[]', n, n,
                    iif(n % 20 = 0, n, NULL)
             FROM n;
             INSERT INTO entry_versions (user_id, entry_id, number, value, at, day, tags, valid_from, replaced_at, replaced_by)
             WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
             SELECT printf('user-%d', 1 + n % 2), printf('entry-%d', n / 100 * 100 + n % 2), 1 + n % 100, 5, n, '2026-03-01', '[]', n, n + 1, 'x'
             FROM n;",
        )
        .unwrap();
}
