//! Users and sessions from the command line.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;
use status_tracker::{
    account::{model::find_user_by_name, username::Username},
    auth::model::{Session, SessionKind, start_session},
    clock::{Clock, DAY, Timestamp},
    config::Config,
    db::Db,
    limits::penalties::{PenaltyRow, impose},
    trail::AuditContext,
};

use crate::ops::program::{Program, text};

/// A database with these users.
fn with(users: &[(&str, &str)]) -> Program {
    let program = Program::new();
    program.must(&["migrate"]);
    for (name, role) in users {
        program.must(&["user", "create", "--username", name, "--role", role, "--generate"]);
    }
    program
}

fn users(program: &Program) -> Vec<(String, String, bool)> {
    let users: Value = serde_json::from_str(&program.must(&["user", "list", "--json"])).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let user = |user: &Value| (text(&user["username"]), text(&user["role"]), user["disabled"] == true);
    users.as_array().unwrap().iter().map(user).collect()
}

/// Signs `username` in twice, as the server would. Returns the ids of the sessions.
fn sign_in(program: &Program, username: &str) -> Vec<String> {
    let environment = [("DATA_DIR".to_owned(), program.path("data").to_str().unwrap().to_owned())];
    let db = Db::open(&Config::from_sources(environment.into(), None).unwrap()).unwrap();
    let (clock, name) = (Clock::system(), username.to_owned());
    let now = clock.now();
    let ids = [clock.new_id(), clock.new_id()];
    let start = move |conn: &mut _| {
        let user = find_user_by_name(conn, &Username::typed(&name))?.unwrap();
        for id in ids {
            start_session(
                conn,
                &Session::new(id.into(), user.id.clone(), SessionKind::Jwt, now, Timestamp(now.0 + DAY)),
            )?;
        }
        Ok(())
    };
    db.write_blocking(start).unwrap();
    ids.map(|id| id.to_string()).to_vec()
}

fn sessions(program: &Program, username: &str) -> Vec<String> {
    let listed = program.must(&["session", "list", "--username", username, "--json"]);
    let sessions: Value = serde_json::from_str(&listed).unwrap();
    sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_account_from_its_role_to_its_end() {
    fn of_alex<'a>(words: &[&'a str]) -> Vec<&'a str> {
        [words, &["--username", "Alex"]].concat()
    }
    let program = with(&[("robin", "admin"), ("alex", "viewer")]);
    for (words, role, disabled) in [
        (vec!["user", "set-role", "--role", "admin"], "admin", false),
        (vec!["user", "set-role", "--role", "viewer"], "viewer", false),
        (vec!["user", "disable"], "viewer", true),
        (vec!["user", "enable"], "viewer", false),
    ] {
        sign_in(&program, "alex");
        program.must(&of_alex(&words));
        assert_eq!(users(&program)[0], ("alex".to_owned(), role.to_owned(), disabled), "{words:?}");
        let ended = sessions(&program, "alex").is_empty();
        assert_eq!(ended, words[1] != "enable", "{words:?}");
    }
    let reset = program.must(&of_alex(&["user", "reset-password"]));
    assert!(reset.starts_with("temporary password, until 2"), "{reset}");
    assert_eq!(reset.trim_end().rsplit(' ').next().unwrap().len(), 24);
    assert!(sessions(&program, "alex").is_empty());
    assert_eq!(program.must(&of_alex(&["user", "unlock"])), "no failed sign-ins at Alex\n");
    assert_eq!(program.must(&of_alex(&["user", "delete", "--yes"])), "deleted Alex\n");
    assert_eq!(users(&program).len(), 1);
}

#[test]
fn sessions_are_listed_and_ended_one_or_all() {
    let program = with(&[("robin", "admin"), ("alex", "viewer")]);
    let ids = sign_in(&program, "alex");
    let mut listed = sessions(&program, "ALEX");
    listed.sort();
    assert_eq!(listed.len(), 2);
    let lines = program.must(&["session", "list", "--username", "alex"]);
    assert!(lines.lines().count() == 2 && lines.contains(&ids[0]) && lines.contains("jwt"), "{lines}");
    let one = ["session", "revoke", "--username", "robin", "--id", &ids[0]];
    program.must_fail(&one, &[], "robin has no session");
    program.must(&["session", "revoke", "--username", "alex", "--id", &ids[0]]);
    assert_eq!(sessions(&program, "alex"), [ids[1].clone()]);
    sign_in(&program, "robin");
    program.must(&["session", "revoke", "--username", "alex"]);
    assert!(sessions(&program, "alex").is_empty());
    assert_eq!(sessions(&program, "robin").len(), 2);
}

#[test]
fn a_user_who_does_not_exist_is_named() {
    let program = with(&[]);
    for words in [
        vec!["user", "set-role", "--role", "admin"],
        vec!["user", "reset-password"],
        vec!["user", "disable"],
        vec!["user", "enable"],
        vec!["user", "delete", "--yes"],
        vec!["session", "list"],
        vec!["session", "revoke"],
    ] {
        program.must_fail(&[&words[..], &["--username", "nobody"]].concat(), &[], "There is no user nobody");
    }
}

#[test]
fn the_operator_cannot_lose_the_last_admin_either() {
    let program = with(&[("robin", "admin"), ("sasha", "admin")]);
    program.must(&["user", "disable", "--username", "sasha"]);
    for words in
        [vec!["user", "set-role", "--role", "viewer"], vec!["user", "disable"], vec!["user", "delete", "--yes"]]
    {
        program.must_fail(&[&words[..], &["--username", "robin"]].concat(), &[], "last_admin");
    }
    program.must(&["user", "enable", "--username", "sasha"]);
    // Two processes at once, each of which removes one of the two.
    for (one, two) in [("disable", "delete"), ("delete", "disable"), ("disable", "disable")] {
        let take = |verb: &str, name: &str| {
            let yes: &[&str] = if verb == "delete" { &["--yes"] } else { &[] };
            program
                .command(&[&["user", verb, "--username", name], yes].concat(), &[])
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let children = [take(one, "robin"), take(two, "sasha")];
        let done = children.map(|mut child| child.wait().unwrap().success()).iter().filter(|done| **done).count();
        assert_eq!(done, 1, "{one} and {two}");
        let left = users(&program);
        assert_eq!(left.iter().filter(|(_, role, disabled)| role == "admin" && !disabled).count(), 1, "{left:?}");
        for name in ["robin", "sasha"] {
            if users(&program).iter().any(|(user, ..)| user == name) {
                program.must(&["user", "enable", "--username", name]);
            } else {
                program.must(&["user", "create", "--username", name, "--role", "admin", "--generate"]);
            }
        }
    }
}

#[test]
fn deleting_asks_first() {
    let program = with(&[("robin", "admin"), ("alex", "viewer")]);
    program.must_fail(&["user", "delete", "--username", "alex"], &[], "no terminal");
    let at_terminal = |answer: &str| {
        let ours = program.command(&[], &[]);
        // `script` lends the program a terminal.
        let words = format!("{} user delete --username alex", ours.get_program().to_str().unwrap());
        let mut command = Command::new("script");
        command.args(["-qec", &words, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("DATA_DIR", program.path("data")).env("BCRYPT_COST", "4");
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), text(&output.stdout))
    };
    let (code, said) = at_terminal("yes\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Type the user name") && said.contains("Nothing was deleted"), "{said}");
    assert_eq!(users(&program).len(), 2);
    let (code, said) = at_terminal("alex\n");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(users(&program).len(), 1);
}

#[test]
fn the_acts_of_the_operator_are_recorded() {
    let program = with(&[("robin", "admin"), ("alex", "viewer")]);
    program.must(&["user", "set-role", "--username", "alex", "--role", "admin"]);
    program.must(&["user", "reset-password", "--username", "alex"]);
    program.must(&["session", "revoke", "--username", "alex"]);
    program.must(&["user", "delete", "--username", "alex", "--yes"]);
    let records: Vec<(Option<String>, String, Option<String>)> = {
        use diesel::prelude::*;
        use status_tracker::db::schema::audit;
        let database = program.path("data/status-tracker.db");
        let mut conn = diesel::SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        audit::table.order(audit::id).select((audit::actor, audit::action, audit::target)).load(&mut conn).unwrap()
    };
    assert!(records.iter().all(|(actor, ..)| actor.as_deref() == Some("(operator)")), "{records:?}");
    let actions: Vec<_> = records.iter().skip(2).map(|(_, action, _)| action.as_str()).collect();
    assert_eq!(actions, ["user.update", "password.reset", "session.end", "user.delete"]);
    assert!(records[2..].iter().all(|(.., target)| target.as_deref() == Some("alex")));
}

#[test]
fn a_penalty_is_listed_and_lifted_by_its_user_or_address() {
    let program = with(&[("robin", "admin")]);
    let environment = [("DATA_DIR".to_owned(), program.path("data").to_str().unwrap().to_owned())];
    let db = Db::open(&Config::from_sources(environment.into(), None).unwrap()).unwrap();
    let (clock, context) = (Clock::system(), AuditContext::operator(&Clock::system()));
    db.write_blocking(move |conn| {
        let robin = find_user_by_name(conn, &Username::typed("robin"))?.unwrap();
        let now = clock.now();
        for caller in [format!("user {}", robin.id), "address 192.0.2.7".to_owned(), "address 2001:db8::/64".to_owned()]
        {
            let (id, until) = (clock.new_id().into(), Timestamp(now.0 + 60_000));
            let row = PenaltyRow { id, caller, level: 1, until, imposed_at: now, reason: "asked too often".to_owned() };
            impose(conn, &context, &row)?;
        }
        Ok(())
    })
    .unwrap();
    let listed = program.must(&["penalty", "list"]);
    for caller in ["user robin", "address 192.0.2.7", "address 2001:db8::/64"] {
        assert!(listed.lines().any(|line| line.starts_with(&format!("{caller}  until 2"))), "{caller}: {listed}");
    }
    let json: Value = serde_json::from_str(&program.must(&["penalty", "list", "--json"])).unwrap();
    let first = &json.as_array().unwrap()[0];
    for field in ["id", "caller", "level", "until", "imposed_at", "reason"] {
        assert!(!first[field].is_null(), "{field}");
    }
    let refused = program.run(&["penalty", "lift", "192.0.2.8"], &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("Nobody called 192.0.2.8 is kept out"), "{}", text(&refused.stderr));
    assert_eq!(program.run(&["penalty", "lift"], &[]).status.code(), Some(2));
    assert_eq!(program.must(&["penalty", "lift", "robin"]), "lifted the penalty of robin\n");
    program.must(&["penalty", "lift", "address", "192.0.2.7"]);
    program.must(&["penalty", "lift", "address 2001:DB8::/64"]);
    assert_eq!(program.must(&["penalty", "list"]), "");
    assert_eq!(program.must(&["penalty", "list", "--json"]).trim(), "[]");
    let recorded = program.must(&["audit", "list", "--action", "penalty.lift"]);
    assert_eq!(recorded.lines().count(), 3);
    assert!(recorded.contains("(operator)") && recorded.contains("user robin"), "{recorded}");
}
