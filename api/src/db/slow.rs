//! Statements that take long are logged with the plan that SQLite has for them, and without their values.

use std::{
    cell::RefCell,
    sync::OnceLock,
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};

use super::connection::DbConnection;

static LIMIT: OnceLock<Duration> = OnceLock::new();

thread_local! {
    /// The slow statements of this thread that are not yet logged.
    static SLOW: RefCell<Vec<(String, Duration)>> = const { RefCell::new(Vec::new()) };
}

/// Logs statements of all connections that are opened from now on.
pub fn log_slow_statements(limit: Duration) {
    let _set_before = LIMIT.set(limit);
    // It is a lock on a list of one, and cannot fail.
    let _set = set_default_instrumentation(|| Some(Box::new(Stopwatch(None))));
}

struct Stopwatch(Option<Instant>);

impl Instrumentation for Stopwatch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.0 = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { query, .. } => {
                let Some(took) = self.0.take().map(|begun| begun.elapsed()) else { return };
                if LIMIT.get().is_some_and(|limit| took >= *limit) {
                    let text = query.to_string();
                    // The values are somebody's data.
                    let sql = text.split(" -- binds: ").next().unwrap_or_default().to_owned();
                    SLOW.with_borrow_mut(|slow| slow.push((sql, took)));
                }
            }
            _ => {}
        }
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Logs the slow statements of this thread. Call it outside a transaction, or the log would hold one open.
pub(super) fn log_with_plans(connection: &mut DbConnection) {
    for (sql, took) in SLOW.take() {
        let plan = plan(connection, &sql);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        log::warn!(ms, sql:%, plan:%; "a slow statement");
        // Explaining may have been slow itself.
        SLOW.take();
    }
}

/// How SQLite carries out a statement; empty for one that has no plan, like a COMMIT.
fn plan(connection: &mut DbConnection, sql: &str) -> String {
    let DbConnection::Sqlite(connection) = connection else { return String::new() };
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(connection).unwrap_or_default();
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::*;

    #[test]
    fn a_slow_statement_is_told_with_its_plan_and_without_its_values() {
        log_slow_statements(Duration::ZERO);
        let mut connection = DbConnection::open("sqlite://:memory:").unwrap();
        sql_query("CREATE TABLE planted (name TEXT PRIMARY KEY, note TEXT)").execute(&mut connection).unwrap();
        SLOW.take();
        sql_query("SELECT note FROM planted WHERE name = ?")
            .bind::<Text, _>("a secret")
            .execute(&mut connection)
            .unwrap();
        let slow = SLOW.take();
        assert_eq!(
            slow.iter().map(|(sql, _)| sql.as_str()).collect::<Vec<_>>(),
            ["SELECT note FROM planted WHERE name = ?"]
        );
        assert!(plan(&mut connection, &slow[0].0).starts_with("SEARCH planted USING INDEX"));
        assert_eq!(plan(&mut connection, "COMMIT"), "");
        log_with_plans(&mut connection);
        assert!(SLOW.take().is_empty());
    }
}
