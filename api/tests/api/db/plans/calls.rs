//! Operations are called with everything that makes their statements differ: filters, orders, pages, existing data.

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use serde_json::json;
use status_tracker::{
    account::privacy_policy,
    audit::retention,
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    http::caller::Caller,
    limits::penalties::{self, OFFENCES, Offence, Penalties},
    outbox,
    trail::AuditContext,
};

use crate::support::{Answer, Client, PASSWORD, TestApp, code_at};

const NOWHERE: &str = "0192aaaa-0000-7000-8000-000000000000";

pub async fn call_in_every_way(app: &TestApp) {
    let anonymous = app.anonymous();
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    for number in 0..6 {
        admin.log(if number % 2 == 0 { "water" } else { "altitude" }, 5, &format!("2026-03-01T0{number}:00:00Z")).await;
    }
    sign_in_in_every_way(&anonymous, &admin).await;
    for client in [&admin, &viewer] {
        read_and_log_in_every_way(app, client, &admin.username).await;
    }
    call(&admin, "GET", "/api/v1/entries/deleted", None).await.expect_success();
    let after = app.state.cursors.cursor(&format!("deleted|{}", id_of(app, &admin)), &(1, "a"));
    call(&admin, "GET", &format!("/api/v1/entries/deleted?cursor={after}"), None).await.expect_success();
    change_many_entries(&admin).await;
    follow_in_every_way(app, &admin, &viewer).await;
    share_in_every_way(app, &admin, &viewer).await;
    read_audit_in_every_way(&admin).await;
    retention::prune(&app.state).await.unwrap();
    let report = json!({"csp-report": {"effective-directive": "script-src"}}).to_string();
    let reported = anonymous.send("POST", "/api/v1/csp-reports", "application/csp-report", report).await;
    reported.expect_success();
    keep_out(app, &admin, &viewer).await;
    manage_users(&admin, &anonymous).await;
    let other = app.admin().await;
    for client in [&viewer, &other] {
        call(client, "DELETE", "/api/v1/me", Some(json!({"password": PASSWORD}))).await.expect_success();
    }
    second_factor_and_tokens(app, &admin).await;
    call(&admin, "GET", "/api/v1/me/sessions", None).await.expect_success();
    call(&admin, "DELETE", &format!("/api/v1/me/sessions/{NOWHERE}"), None).await;
    call(&admin, "DELETE", "/api/v1/me/sessions", None).await.expect_success();
    let passwords = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    call(&admin, "PUT", "/api/v1/me/password", Some(passwords)).await.expect_success();
    app.clock.advance(HOUR);
    call(&admin, "GET", "/api/v1/me", None).await.expect_success();
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    call(&admin, "POST", "/api/v1/auth/logout", None).await.expect_success();
}

async fn sign_in_in_every_way(anonymous: &Client, admin: &Client) {
    let credentials = json!({"username": admin.username, "password": PASSWORD});
    let registration = json!({
        "username": "newcomer",
        "password": PASSWORD,
        "privacy_policy_version": privacy_policy::VERSION,
    });
    call(anonymous, "POST", "/api/v1/auth/register", Some(registration)).await.expect_success();
    call(anonymous, "POST", "/api/v1/auth/token", Some(credentials.clone())).await.expect_success();
    call(anonymous, "POST", "/api/v1/auth/login", Some(credentials.clone())).await.expect_success();
    let page = anonymous.sign_in(&admin.username, PASSWORD).await;
    // Signing in again ends the browser's earlier session.
    call(&page, "POST", "/api/v1/auth/login", Some(credentials)).await.expect_success();
    for path in ["/health", "/health/live", "/health/ready", "/api/v1/privacy-policy"] {
        call(anonymous, "GET", path, None).await.expect_success();
    }
    call(anonymous, "GET", "/api/v1/me", None).await;
}

async fn read_and_log_in_every_way(app: &TestApp, client: &Client, person: &str) {
    call(client, "GET", "/api/v1/me", None).await.expect_success();
    let change = json!({"display_name": "New", "time_zone": "Europe/Berlin", "day_starts_at": 4, "unit": "fl_oz",
        "daily_goal_ml": 1500, "water_presets_ml": [1, 2, 3]});
    let fields = change.as_object().unwrap().iter();
    for change in fields.map(|(field, value)| json!({field: value})).chain([json!({}), change.clone()]) {
        call(client, "PATCH", "/api/v1/me", Some(change)).await.expect_success();
    }
    let people = call(client, "GET", "/api/v1/people?limit=1", None).await;
    people.expect_success();
    let after = app.state.cursors.cursor(&format!("people|{}", id_of(app, client)), &"a");
    call(client, "GET", &format!("/api/v1/people?cursor={after}"), None).await.expect_success();
    for chosen in [String::new(), format!("?person={person}")] {
        call(client, "GET", &format!("/api/v1/start{chosen}"), None).await.expect_success();
    }
    call(client, "GET", &format!("/api/v1/people/{person}/status"), None).await.expect_success();
    call(client, "GET", "/api/v1/people/nobody/status", None).await;
    read_history_in_every_way(client, person).await;
    call(client, "GET", &format!("/api/v1/people/{person}/events"), None).await.expect_success();
    call(client, "GET", "/api/v1/me/events", None).await.expect_success();

    let entry = json!({"metric": "water", "value": 250, "id": "0192bbbb-0000-7000-8000-000000000000"});
    call(client, "POST", "/api/v1/entries", Some(entry.clone())).await;
    call(client, "POST", "/api/v1/entries", Some(entry.clone())).await;
    for id in [entry["id"].as_str().unwrap(), NOWHERE] {
        let path = format!("/api/v1/entries/{id}");
        call(client, "GET", &path, None).await;
        for change in [json!({"value": 7}), json!({"note": null, "tags": ["a"], "at": "2026-02-01T08:00:00Z"})] {
            call(client, "PATCH", &path, Some(change)).await;
        }
        call(client, "DELETE", &path, None).await;
        call(client, "POST", &format!("{path}/restore"), None).await;
        call(client, "GET", &format!("{path}/versions?limit=1"), None).await;
        call(client, "POST", &format!("{path}/versions/1/restore"), None).await;
    }
}

/// Imposes and lifts a penalty, so that its statements reach the database too.
async fn keep_out(app: &TestApp, admin: &Client, viewer: &Client) {
    let caller = Caller::User(id_of(app, viewer).parse().unwrap());
    let row = (0..OFFENCES).find_map(|_| app.services.penalties.count(caller, Offence::TooOften, &app.clock)).unwrap();
    let (penalty, context) = (format!("/api/v1/admin/penalties/{}", row.id), AuditContext::operator(&app.clock));
    app.state.db.write(move |conn| Ok(penalties::impose(conn, &context, &row)?)).await.unwrap();
    Penalties::load(&app.state.db, &app.clock).unwrap();
    call(admin, "GET", "/api/v1/admin/security", None).await.expect_success();
    call(admin, "DELETE", &penalty, None).await.expect_success();
}

/// There is something to change, so that the statements of the change reach the database too.
async fn change_many_entries(client: &Client) {
    for (path, mut body) in
        [("/api/v1/entries/recompute", json!({})), ("/api/v1/entries/rewind", json!({"to": "2026-03-01T11:00:00Z"}))]
    {
        client.patch("/api/v1/me", json!({"time_zone": "Pacific/Pago_Pago"})).await.expect_success();
        let preview = call(client, "POST", &format!("{path}?dry_run=true"), Some(body.clone())).await;
        body["digest"] = preview.json["digest"].clone();
        let done = call(client, "POST", path, Some(body)).await;
        assert!(!done.json["items"].as_array().unwrap().is_empty(), "{path}: {}", done.json);
    }
}

async fn share_in_every_way(app: &TestApp, admin: &Client, viewer: &Client) {
    let (ask, share) =
        (format!("/api/v1/people/{}/share-requests", admin.username), format!("/api/v1/me/shares/{}", viewer.username));
    for mode in ["everyone", "nobody", "approved"] {
        call(admin, "PATCH", "/api/v1/me", Some(json!({"sharing": mode}))).await.expect_success();
        call(admin, "GET", "/api/v1/me/shares", None).await.expect_success();
    }
    app.execute("DELETE FROM shares");
    call(admin, "GET", &share, None).await;
    for _ in 0..2 {
        call(viewer, "POST", &ask, None).await.expect_success();
    }
    for change in [json!({"state": "approved"}), json!({"water": "band", "until": "2026-04-01T00:00:00Z"})] {
        call(admin, "PATCH", &share, Some(change)).await.expect_success();
    }
    call(viewer, "POST", &ask, None).await.expect_success();
    call(admin, "GET", &share, None).await.expect_success();
    let user = id_of(app, admin);
    let after = app.state.cursors.cursor(&format!("shares|{user}"), &"a");
    call(admin, "GET", &format!("/api/v1/me/shares?cursor={after}"), None).await.expect_success();
    let before = app.state.cursors.cursor(&format!("audience|{user}"), &(1_900_000_000_000_i64, 1));
    for page in ["limit=1", &format!("cursor={before}")] {
        call(admin, "GET", &format!("/api/v1/me/audience?{page}"), None).await.expect_success();
    }
    call(admin, "DELETE", &share, None).await.expect_success();
    call(viewer, "POST", &ask, None).await;
    let promoted = app.viewer().await.username;
    let role = json!({"role": "admin"});
    call(admin, "PATCH", &format!("/api/v1/admin/users/{promoted}"), Some(role)).await.expect_success();
}

/// A stream that begins, receives, ends and continues, and changes with time alone.
async fn follow_in_every_way(app: &TestApp, admin: &Client, viewer: &Client) {
    // Earlier streams end first.
    while app.services.streams.count() > 0 {}
    app.clock.advance(15 * SECOND);
    while admin.get("/api/v1/me/audience").await.json["watching"] != json!([]) {}
    let (mut own, mut other) = (admin.listen(&admin.username).await, viewer.listen(&admin.username).await);
    let first = other.expect("status").await;
    own.expect("status").await;
    own.expect("share").await;
    admin.log("water", 5, "2026-03-01T11:00:00Z").await;
    admin.patch("/api/v1/me", json!({"unit": "ml"})).await;
    while own.next().await.unwrap().name != "me" {}
    viewer.listen_after(&admin.username, &first.id).await.expect("entry").await;
    drop(other);
    while app.services.streams.count() > 1 {}
    app.clock.advance(15 * SECOND);
    while own.next().await.unwrap().name != "share" {}
    let _other = viewer.listen(&admin.username).await;
    app.execute(
        "INSERT INTO processes VALUES ('gone', 0);
         INSERT INTO watchers SELECT person_id, viewer_id, 'gone', 0 FROM watchers",
    );
    app.clock.advance(MINUTE);
    while app.number("SELECT count(*) AS n FROM processes WHERE id = 'gone'") > 0 {}
    let later = Timestamp(app.clock.now().0 + 8 * DAY);
    while app.state.db.write(move |conn| Ok(outbox::prune(conn, later)?)).await.unwrap() > 0 {}
    admin.listen_after(&admin.username, &first.id).await.expect("reset").await;
}

async fn manage_users(admin: &Client, anonymous: &Client) {
    for path in ["/api/v1/instance", "/api/v1/admin/settings", "/api/v1/admin/users?limit=1"] {
        call(admin, "GET", path, None).await.expect_success();
    }
    let settings = json!({"registration": "open", "maintenance_mode": false});
    call(admin, "PATCH", "/api/v1/admin/settings", Some(settings)).await.expect_success();
    let user = json!({"username": "sam", "role": "admin"});
    call(admin, "POST", "/api/v1/admin/users", Some(user)).await.expect_success();
    let sam = "/api/v1/admin/users/sam";
    call(admin, "GET", sam, None).await.expect_success();
    for change in [json!({"display_name": "Sam"}), json!({"role": "viewer"}), json!({"disabled": true})] {
        call(admin, "PATCH", sam, Some(change)).await.expect_success();
    }
    for (method, path) in [
        ("POST", "/unlock"),
        ("POST", "/reset-password"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", "/totp"),
        ("DELETE", ""),
    ] {
        call(admin, method, &format!("{sam}{path}"), None).await.expect_success();
    }
    let invite = json!({"role": "viewer", "expires_at": "2026-03-02T12:00:00Z", "max_uses": 1});
    let invite = call(admin, "POST", "/api/v1/admin/invites", Some(invite)).await.json;
    call(admin, "GET", "/api/v1/admin/invites", None).await.expect_success();
    let registration = json!({"username": "invited", "password": PASSWORD,
        "privacy_policy_version": privacy_policy::VERSION, "invite_code": invite["code"]});
    call(anonymous, "POST", "/api/v1/auth/register", Some(registration)).await.expect_success();
    let invite = format!("/api/v1/admin/invites/{}", invite["id"].as_str().unwrap());
    call(admin, "DELETE", &invite, None).await.expect_success();
}

async fn second_factor_and_tokens(app: &TestApp, client: &Client) {
    let password = json!({"password": PASSWORD});
    let accepted = json!({"privacy_policy_version": privacy_policy::VERSION});
    call(client, "PATCH", "/api/v1/me", Some(accepted)).await.expect_success();
    let setup = call(client, "POST", "/api/v1/me/totp", Some(password.clone())).await;
    let confirmation = json!({"code": code_at(&setup.json["secret"], app.clock.now())});
    let confirmed = call(client, "POST", "/api/v1/me/totp/confirm", Some(confirmation)).await;
    confirmed.expect_success();
    app.clock.advance(30 * SECOND);
    for code in [
        json!(null),
        json!("wrong"),
        json!(code_at(&setup.json["secret"], app.clock.now())),
        confirmed.json["recovery_codes"][0].clone(),
    ] {
        let credentials = json!({"username": client.username, "password": PASSWORD, "totp_code": code});
        call(&app.anonymous(), "POST", "/api/v1/auth/token", Some(credentials)).await;
    }
    call(client, "GET", "/api/v1/me/totp", None).await.expect_success();
    call(client, "DELETE", "/api/v1/me/totp", Some(json!({"password": "wrong"}))).await;
    call(client, "DELETE", "/api/v1/me/totp", Some(password)).await.expect_success();

    let expires_at = Timestamp(app.clock.now().0 + DAY);
    let token = json!({"name": "button", "scopes": ["read"], "expires_at": expires_at});
    let made = call(client, "POST", "/api/v1/me/tokens", Some(token)).await;
    let script = Client { bearer: made.json["token"].as_str().map(str::to_owned), ..client.clone() };
    call(&script, "GET", "/api/v1/people", None).await.expect_success();
    call(client, "GET", "/api/v1/me/tokens", None).await.expect_success();
    let path = format!("/api/v1/me/tokens/{}", made.json["id"].as_str().unwrap());
    call(client, "DELETE", &path, None).await.expect_success();
}

async fn read_audit_in_every_way(admin: &Client) {
    let filters = ["actor=robin", "action=auth.login", "target=robin", "outcome=success"];
    let spans = [
        "",
        "from=2026-02-01T00:00:00Z",
        "to=2027-03-01T00:00:00Z",
        "from=2026-02-01T00:00:00Z&to=2027-03-01T00:00:00Z",
    ];
    for chosen in 0..1 << filters.len() {
        let wanted = (0..filters.len()).filter(|bit| chosen & (1 << bit) != 0).map(|bit| filters[bit]);
        let wanted = wanted.collect::<Vec<_>>().join("&");
        for span in spans {
            call(admin, "GET", &format!("/api/v1/admin/audit?{wanted}&{span}"), None).await.expect_success();
        }
    }
    for span in spans {
        call(admin, "GET", &format!("/api/v1/admin/audit/export?{span}"), None).await.expect_success();
    }
}

/// Each combination of filters, both orders, the first page and one that continues.
async fn read_history_in_every_way(client: &Client, person: &str) {
    for metric in ["", "&metric=water", "&metric=altitude"] {
        for days in ["", "&from=2026-02-01", "&to=2026-03-01", "&from=2026-02-01&to=2026-03-01"] {
            for order in ["", "&order=asc", "&order=desc"] {
                let path = format!("/api/v1/people/{person}/entries?limit=1{metric}{days}{order}");
                let first = call(client, "GET", &path, None).await;
                first.expect_success();
                let cursor = first.json["next_cursor"].as_str().unwrap();
                call(client, "GET", &format!("{path}&cursor={cursor}"), None).await.expect_success();
            }
        }
    }
}

fn id_of(app: &TestApp, client: &Client) -> String {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let path = app.folder.path().join("status-tracker.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let query =
        format!("SELECT id FROM users INDEXED BY sqlite_autoindex_users_2 WHERE username = '{}'", client.username);
    sql_query(query).get_result::<Id>(&mut connection).unwrap().id
}

async fn call(client: &Client, method: &str, path: &str, body: Option<serde_json::Value>) -> Answer {
    match body {
        Some(body) => client.send(method, path, "application/json", body.to_string()).await,
        None => Answer::of(client.request(method, path).send().await.unwrap()).await,
    }
}

trait ExpectSuccess {
    fn expect_success(&self);
}

impl ExpectSuccess for Answer {
    #[track_caller]
    fn expect_success(&self) {
        assert!(self.status.is_success(), "{}: {}", self.status, self.json);
    }
}
