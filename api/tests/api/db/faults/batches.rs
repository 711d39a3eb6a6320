//! SQLite ends a transaction by itself after some errors. Other writes in it are undone, later ones are not begun, and each is answered
//! with an error: a refused write is not carried out.

use std::{collections::BTreeSet, sync::mpsc};

use actix_web::{http::StatusCode, web::Data};
use diesel::{QueryResult, RunQueryDsl, sql_query};
use futures_util::{FutureExt, future::join_all};
use serde_json::json;
use status_tracker::{
    db::DbConnection,
    error::{ApiError, Code},
    http::state::AppState,
};

use crate::support::{Client, TestApp};

type Job = fn(&mut DbConnection) -> Result<(), ApiError>;

/// The last statement of each makes SQLite end the transaction.
const ENDINGS: [&[&str]; 5] = [
    &["INSERT INTO planted VALUES ('ends')"],
    &["INSERT OR ROLLBACK INTO planted VALUES ('there')"],
    &["PRAGMA max_page_count = 1", "INSERT INTO plain VALUES (hex(zeroblob(1000000)))"],
    &["INSERT INTO planted VALUES ('kept?')", "INSERT INTO planted VALUES ('ends')"],
    &["ROLLBACK"],
];

/// Makes a table on which an insert of `ends` ends the transaction.
fn plant(app: &TestApp) {
    app.execute(
        "CREATE TABLE plain (name TEXT);
         CREATE TABLE planted (name TEXT PRIMARY KEY);
         INSERT INTO planted VALUES ('there');
         CREATE TRIGGER planted_ends BEFORE INSERT ON planted WHEN NEW.name = 'ends'
         BEGIN SELECT RAISE(ROLLBACK, 'planted'); END;",
    );
}

fn planted(app: &TestApp) -> i64 {
    app.number("SELECT count(*) AS n FROM planted")
}

fn add(name: &'static str) -> impl FnOnce(&mut DbConnection) -> Result<(), ApiError> + Send {
    move |conn| Ok(sql_query(format!("INSERT INTO planted VALUES ('{name}')")).execute(conn).map(drop)?)
}

fn run(conn: &mut DbConnection, statements: &[&str]) -> QueryResult<()> {
    statements.iter().try_for_each(|sql| sql_query(*sql).execute(conn).map(drop))
}

/// Blocks the writer until the sender is dropped, so that all writes meanwhile share one transaction.
fn hold(state: &Data<AppState>) -> (mpsc::Sender<()>, impl Future<Output = Result<(), ApiError>> + use<>) {
    let (release, released) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let state = state.clone();
    let mut holding = Box::pin(async move {
        let wait = move |_: &mut DbConnection| {
            begun.send(()).unwrap();
            let _dropped = released.recv();
            Ok(())
        };
        state.db.write(wait).await
    });
    assert!((&mut holding).now_or_never().is_none());
    has_begun.recv().unwrap();
    (release, holding)
}

#[actix_web::test]
async fn a_write_that_ends_the_transaction_takes_its_neighbours_along_and_no_other() {
    for (ending, swallows) in ENDINGS.iter().flat_map(|ending| [(ending, false), (ending, true)]) {
        for place in 0..3 {
            let app = TestApp::start().await;
            plant(&app);
            let db = &app.state.db;
            let (release, holding) = hold(&app.state);
            let mut waiting = Vec::new();
            for number in 0..3 {
                let mut one = if number == place {
                    db.write(move |conn| match run(conn, ending) {
                        Err(error) if !swallows => Err(error.into()),
                        _ => Ok(()),
                    })
                    .boxed_local()
                } else {
                    db.write(add(["first", "second", "third"][number])).boxed_local()
                };
                assert!((&mut one).now_or_never().is_none());
                waiting.push(one);
            }
            drop(release);
            let answers = join_all(waiting).await;
            let case = format!("{ending:?}, swallowed: {swallows}, in place {place}: {answers:?}");
            assert!(holding.await.is_err(), "{case}");
            assert!(answers.iter().all(Result::is_err), "{case}");
            let told = |error: &ApiError| matches!(error.code, Code::Busy | Code::DiskFull);
            assert!(
                answers
                    .iter()
                    .enumerate()
                    .all(|(number, answer)| { number == place || answer.as_ref().is_err_and(told) }),
                "{case}"
            );
            assert_eq!(planted(&app), 1, "{case}");
            // The next transaction works again: it commits what it can and undoes what it must.
            assert!(db.write(add("afterwards")).await.is_ok(), "{case}");
            let half = |conn: &mut DbConnection| {
                add("half")(conn)?;
                Err::<(), _>(ApiError::not_found())
            };
            assert_eq!(db.write(half).await.unwrap_err().code, Code::NotFound, "{case}");
            assert_eq!(planted(&app), 2, "{case}");
        }
    }
}

#[actix_web::test]
async fn a_failed_write_that_nobody_waits_for_is_told_too() {
    let app = TestApp::start().await;
    plant(&app);
    let (release, holding) = hold(&app.state);
    let (failed, has_failed) = mpsc::channel();
    let outcomes = [add("later"), add("ends"), add("last")];
    for write in outcomes {
        let failed = failed.clone();
        app.state.db.write_later_or("a planted row", write, move || failed.send(()).unwrap());
    }
    drop((failed, release));
    assert!(holding.await.is_err());
    assert_eq!(has_failed.iter().count(), 3);
    let state = app.state.clone();
    let blocking = actix_web::web::block(move || state.db.write_blocking(add("ends"))).await.unwrap();
    assert_eq!(blocking.unwrap_err().code, Code::Internal);
    assert_eq!(planted(&app), 1);
}

#[actix_web::test]
async fn a_neighbours_own_error_undoes_that_neighbour_alone() {
    let app = TestApp::start().await;
    plant(&app);
    let db = &app.state.db;
    let (release, holding) = hold(&app.state);
    let refusals: [Job; 3] = [
        |conn| add("there")(conn),
        |conn| {
            add("half")(conn)?;
            Err(ApiError::not_found())
        },
        |conn| {
            add("half")(conn)?;
            panic!("planted")
        },
    ];
    let mut waiting = Vec::new();
    for (refused, name) in refusals.into_iter().zip(["one", "two", "three"]) {
        for mut write in [db.write(refused).boxed_local(), db.write(add(name)).boxed_local()] {
            assert!((&mut write).now_or_never().is_none());
            waiting.push(write);
        }
    }
    drop(release);
    let answers: Vec<bool> = join_all(waiting).await.iter().map(Result::is_ok).collect();
    assert!(holding.await.is_ok());
    assert_eq!(answers, [false, true, false, true, false, true]);
    assert_eq!(planted(&app), 4);
}

/// Everything that a client sent, by the name it gave, and whether the server acknowledged it.
async fn write_a_lot(client: Client, number: usize) -> Vec<(String, StatusCode)> {
    let mut answers = Vec::new();
    for turn in 0..12 {
        let letter = |number| char::from(b"abcdefghkmpq"[number]);
        let name = format!("w{}{}", letter(number), letter(turn));
        let ends = (turn + number) % 4 == 3;
        let (path, body) = match turn % 3 {
            _ if ends => ("/api/v1/entries", json!({"metric": "water", "value": 4999, "note": name})),
            0 => ("/api/v1/entries", json!({"metric": "water", "value": 250, "note": name})),
            1 => ("/api/v1/me/tokens", json!({"name": name, "scopes": ["read"], "expires_at": "2026-06-01T00:00:00Z"})),
            _ => ("/api/v1/admin/users", json!({"username": name, "role": "viewer"})),
        };
        answers.push((name, client.post(path, body).await.status));
    }
    answers
}

#[actix_web::test]
async fn a_refused_write_is_not_done_and_an_acknowledged_one_is() {
    let app = TestApp::start().await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(app.admin().await);
    }
    app.execute(
        "CREATE TRIGGER planted BEFORE INSERT ON entries WHEN NEW.value = 4999
         BEGIN SELECT RAISE(ROLLBACK, 'planted'); END;",
    );
    let answers: Vec<_> =
        join_all(clients.into_iter().enumerate().map(|(number, client)| write_a_lot(client, number))).await.concat();
    let done = |(name, status): &(String, StatusCode)| (*status == StatusCode::CREATED).then(|| name.clone());
    let refused = answers.iter().filter(|answer| done(answer).is_none());
    assert!(refused.clone().all(|(_, status)| [500, 503].contains(&status.as_u16())), "{answers:?}");
    assert!(refused.count() >= 36, "{answers:?}");
    let acknowledged: BTreeSet<String> = answers.iter().filter_map(done).collect();
    assert_eq!(stored(&app), acknowledged);
    app.admin().await.log("water", 250, "2026-03-01T11:00:00Z").await;
}

/// The names of all that was written by [`write_a_lot`].
fn stored(app: &TestApp) -> BTreeSet<String> {
    #[derive(diesel::QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let query = "SELECT note AS name FROM entries UNION ALL SELECT name FROM sessions WHERE name IS NOT NULL
                 UNION ALL SELECT username FROM users WHERE username GLOB 'w??'";
    let names: Vec<Name> = sql_query(query).load(&mut app.connection()).unwrap();
    names.into_iter().map(|row| row.name).collect()
}

#[actix_web::test]
async fn a_read_that_the_disk_refuses_says_so_though_its_transaction_has_ended() {
    let app = TestApp::start().await;
    let fails = |conn: &mut DbConnection| {
        // SQLite ends the transaction by itself with such an error.
        sql_query("ROLLBACK").execute(conn)?;
        Err::<(), _>(ApiError::new(Code::StorageFailed, "planted"))
    };
    for _ in 0..3 {
        assert_eq!(app.state.db.read(fails).await.unwrap_err().code, Code::StorageFailed);
        assert_eq!(app.state.db.read_apart(fails).await.unwrap_err().code, Code::StorageFailed);
    }
    let read = app.state.db.read(|conn| Ok(sql_query("SELECT 1 FROM users").execute(conn)?));
    assert!(read.await.is_ok(), "a connection that lost its transaction is not used again");
}

#[actix_web::test]
async fn a_write_that_the_disk_refuses_says_so() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (texts, status, code) in [
        (["database or disk is full"].as_slice(), 507, "disk_full"),
        (&["attempt to write a readonly database"], 503, "read_only"),
        (
            &[
                "disk I/O error",
                "unable to open database file",
                "database disk image is malformed",
                "file is not a database",
            ],
            503,
            "storage_failed",
        ),
        (&["database is locked", "locking protocol", "out of memory"], 503, "busy"),
    ] {
        for text in texts {
            app.execute(&format!(
                "DROP TRIGGER IF EXISTS planted;
                 CREATE TRIGGER planted BEFORE INSERT ON entries BEGIN SELECT RAISE(ROLLBACK, '{text}'); END;"
            ));
            let answer = admin.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await;
            answer.expect_problem(status, code);
            assert_eq!(answer.header("retry-after").is_empty(), status == 507, "{text}");
        }
    }
    assert_eq!(app.number("SELECT count(*) AS n FROM entries"), 0);
}
