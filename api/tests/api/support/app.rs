//! A server with its database, its clock and, where it is wanted, nginx in front of it.

use std::{cell::Cell, collections::BTreeMap, net::TcpListener, rc::Rc};

use actix_web::{dev::ServerHandle, web::Data};
use secrecy::SecretString;
use status_tracker::{
    account::model::{NewUser, Role, insert_user, list_users},
    auth::{
        Named,
        model::{Session, SessionKind, start_session},
    },
    clock::{Clock, DAY, Timestamp},
    config::Config,
    db::Db,
    http::state::AppState,
    people::sharing::approve_newcomer,
    server::{self, Services},
};
use tempfile::TempDir;

use super::{Client, NOON, PASSWORD};
use crate::server::nginx::Nginx;

/// Id, metric, value, instant, note, tags, last change, deletion.
type EntryRow = (String, String, i32, i64, Option<String>, String, i64, Option<i64>);

pub struct TestApp {
    pub clock: Clock,
    pub state: Data<AppState>,
    pub services: Services,
    /// The address that clients use: the server's own, or that of nginx in front of it.
    pub url: String,
    /// The server's own port, on 127.0.0.1.
    port: u16,
    handle: ServerHandle,
    nginx: Option<Nginx>,
    /// The server's folder, removed at the end.
    pub folder: Rc<TempDir>,
    users: Cell<u32>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with nginx in front of it however the tests are run: for the page, and for nginx's own answers.
    pub async fn behind_nginx() -> Self {
        let mut app = Self::start().await;
        if app.nginx.is_none() {
            let nginx = Nginx::start(app.port, app.state.config.served_over_tls());
            app.url.clone_from(&nginx.url);
            app.nginx = Some(nginx);
        }
        app
    }

    /// The same server behind an nginx of its own that trusts these proxies in front of it.
    pub fn behind_nginx_that_believes(mut self, proxies: &str) -> Self {
        let nginx = Nginx::believing(self.port, proxies);
        self.url.clone_from(&nginx.url);
        self.nginx = Some(nginx);
        self
    }

    /// A server with these settings on top of those of every test.
    #[expect(clippy::unused_async, reason = "it has to be called within the runtime that the server is spawned on")]
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(Timestamp::parse(NOON).unwrap());
        Self::on(Rc::new(tempfile::tempdir().unwrap()), clock, settings)
    }

    /// A second process on the same database at the same time of day, as there is after a restart.
    #[expect(clippy::unused_async, reason = "it has to be called within the runtime that the server is spawned on")]
    pub async fn restarted(&self, settings: &[(&str, &str)]) -> Self {
        Self::on(Rc::clone(&self.folder), self.clock.clone(), settings)
    }

    fn on(folder: Rc<TempDir>, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let config = config(&folder, settings);
        let db = Db::create(&config).unwrap();
        let services = Services::new(config, clock.clone(), db).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = server::serve(services.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let nginx = Nginx::if_wanted(port, services.state.config.served_over_tls());
        let url = nginx.as_ref().map_or_else(|| format!("http://127.0.0.1:{port}"), |nginx| nginx.url.clone());
        let state = services.state.clone();
        Self { clock, state, services, url, port, handle, nginx, folder, users: Cell::new(0) }
    }

    pub fn anonymous(&self) -> Client {
        Client { url: self.url.clone(), bearer: None, cookie: None, username: String::new() }
    }

    /// Whether clients ask through nginx.
    pub fn through_nginx(&self) -> bool {
        self.nginx.is_some()
    }

    /// Puts a file beside the page that nginx serves, as an operator might forget one there.
    pub fn leave_beside_the_page(&self, name: &str) {
        let path = self.nginx.as_ref().expect("there is an nginx").page().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "forgotten here").unwrap();
    }

    /// Anybody, without nginx in between: for headers that only a proxy may send, and for answers that nginx would give itself.
    pub fn direct(&self) -> Client {
        Client { url: format!("http://127.0.0.1:{}", self.port), ..self.anonymous() }
    }

    /// A new admin with a token.
    pub async fn admin(&self) -> Client {
        self.user(Role::Admin).await
    }

    /// A new viewer with a token.
    pub async fn viewer(&self) -> Client {
        self.user(Role::Viewer).await
    }

    pub async fn user(&self, role: Role) -> Client {
        self.users.set(self.users.get() + 1);
        self.named(&format!("{}-{}", role.as_str(), self.users.get()), role).await
    }

    pub async fn named(&self, username: &str, role: Role) -> Client {
        let hash = self.services.auth.passwords.hash(&SecretString::from(PASSWORD)).await.unwrap();
        let (user_id, session_id) = (self.clock.new_id(), self.clock.new_id());
        let now = self.clock.now();
        let expires = Timestamp(now.0 + 30 * DAY);
        let user = NewUser::new(user_id, username, role, hash, now);
        let session = Session::new(session_id.into(), user_id.into(), SessionKind::Jwt, now, expires);
        let insert = move |conn: &mut _| {
            let user = insert_user(conn, &user)?;
            // Every person has approved every viewer.
            for other in list_users(conn, "", 100)?.iter().filter(|other| other.role() != role) {
                let (person, viewer) = if role == Role::Admin { (&user, other) } else { (other, &user) };
                approve_newcomer(conn, person.as_person(), viewer.as_viewer(), now)?;
            }
            Ok(start_session(conn, &session)?)
        };
        self.state.db.write(insert).await.unwrap();
        let token = self.services.auth.jwt.issue(Named { user: user_id, session: session_id }, now, expires).unwrap();
        Client { bearer: Some(token), username: username.to_owned(), ..self.anonymous() }
    }

    /// The records of `action`, newest first: actor, target, outcome, detail.
    pub fn recorded(&self, action: &str) -> Vec<[String; 4]> {
        use diesel::prelude::*;
        use status_tracker::db::schema::audit;
        type Found = (Option<String>, Option<String>, String, Option<String>);
        let columns = (audit::actor, audit::target, audit::outcome, audit::detail);
        let found: Vec<Found> = audit::table
            .filter(audit::action.eq(action))
            .order(audit::id.desc())
            .select(columns)
            .load(&mut self.connection())
            .unwrap();
        let text = |text: Option<String>| text.unwrap_or_default();
        found
            .into_iter()
            .map(|(actor, target, outcome, detail)| [text(actor), text(target), outcome, text(detail)])
            .collect()
    }

    /// The database, as somebody can change it by hand.
    pub fn connection(&self) -> diesel::SqliteConnection {
        use diesel::Connection;
        let path = self.folder.path().join("status-tracker.db");
        diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap()
    }

    /// Runs SQL, for states that come about in no other way.
    pub fn execute(&self, sql: &str) {
        use diesel::connection::SimpleConnection;
        self.connection()
            .batch_execute(&format!("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; {sql}"))
            .unwrap();
    }

    /// The number `n` that a query finds.
    pub fn number(&self, sql: &str) -> i64 {
        use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        sql_query(sql).get_result::<Number>(&mut self.connection()).unwrap().n
    }

    /// Everything in the database, to show that a refused request left it as it was. Sessions and sign-in times are left out, since they
    /// are about the caller and not about the stored data.
    pub fn contents(&self) -> String {
        use diesel::prelude::*;
        use status_tracker::db::schema::{entries, users};
        let mut conn = self.connection();
        let people: Vec<(String, String, String, i32, String)> = users::table
            .select((users::username, users::display_name, users::role, users::daily_goal_ml, users::time_zone))
            .order(users::username)
            .load(&mut conn)
            .unwrap();
        let entries: Vec<EntryRow> = entries::table
            .select((
                entries::id,
                entries::metric,
                entries::value,
                entries::at,
                entries::note,
                entries::tags,
                entries::updated_at,
                entries::deleted_at,
            ))
            .order((entries::user_id, entries::id))
            .load(&mut conn)
            .unwrap();
        format!("{people:#?}{entries:#?}")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub fn config(folder: &TempDir, settings: &[(&str, &str)]) -> Config {
    let mut environment: BTreeMap<String, String> =
        [("DATA_DIR", folder.path().to_str().unwrap()), ("BCRYPT_COST", "4"), ("RATE_LIMIT_ENABLED", "false")]
            .into_iter()
            .chain(settings.iter().copied())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
    for name in ["JWT_SECRET", "SESSION_SECRET", "PASSWORD_PEPPER"] {
        environment.entry(name.to_owned()).or_insert_with(|| format!("{name} of a server that only tests itself"));
    }
    Config::from_sources(environment, None).unwrap()
}
