//! There is always somebody left who can manage the instance.

use actix_web::http::StatusCode;
use diesel::prelude::*;
use serde_json::json;
use status_tracker::db::schema::users;

use super::{OWN, USERS, at};
use crate::support::{Answer, Client, PASSWORD, TestApp};

async fn leave(client: &Client) -> Answer {
    client.send("DELETE", "/api/v1/me", "application/json", json!({"password": PASSWORD}).to_string()).await
}

#[actix_web::test]
async fn an_admin_may_go_while_another_one_stays() {
    for (method, body) in
        [("PATCH", json!({"role": "viewer"})), ("PATCH", json!({"disabled": true})), ("DELETE", json!({}))]
    {
        let app = TestApp::start().await;
        let (admin, other) = (app.admin().await, app.admin().await);
        let answer = admin.send(method, &at(&admin.username), "application/json", body.to_string()).await;
        assert!(answer.status.is_success(), "{}", answer.json);
        admin.get("/api/v1/me").await.expect_problem(401, "unauthorized");
        other.get(USERS).await.expect(StatusCode::OK);
    }
}

/// The last admin, by each route alone. A disabled or demoted one does not count.
#[actix_web::test]
async fn the_last_enabled_admin_stays_whichever_way_it_is_tried() {
    let app = TestApp::start().await;
    let (admin, disabled, demoted) = (app.admin().await, app.admin().await, app.admin().await);
    admin.patch(&at(&disabled.username), json!({"disabled": true})).await.expect(StatusCode::OK);
    admin.patch(&at(&demoted.username), json!({"role": "viewer"})).await.expect(StatusCode::OK);
    let last = at(&admin.username);
    for body in [json!({"role": "viewer"}), json!({"disabled": true}), json!({"role": "viewer", "disabled": true})] {
        admin.patch(&last, body).await.expect_problem(409, "last_admin");
    }
    admin.delete(&last).await.expect_problem(409, "last_admin");
    leave(&admin).await.expect_problem(409, "last_admin");
    admin.get(USERS).await.expect(StatusCode::OK);
    // Other admins can go.
    admin.delete(&at(&disabled.username)).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&at(&demoted.username)).await.expect(StatusCode::NO_CONTENT);
}

/// OWASP ASVS v5.0.0-2.3.3, v5.0.0-15.4.2: the last admin, by two requests at once.
#[actix_web::test]
async fn two_admins_who_remove_each_other_at_once_leave_one() {
    #[derive(Clone, Copy, Debug)]
    enum Way {
        Demote,
        Disable,
        Delete,
        Leave,
    }
    async fn go(way: Way, actor: Client, target: String) -> u16 {
        let answer = match way {
            Way::Demote => actor.patch(&at(&target), json!({"role": "viewer"})).await,
            Way::Disable => actor.patch(&at(&target), json!({"disabled": true})).await,
            Way::Delete => actor.delete(&at(&target)).await,
            Way::Leave => leave(&actor).await,
        };
        answer.status.as_u16()
    }
    let app = TestApp::start().await;
    let mut survivor: Option<String> = None;
    let ways = [Way::Demote, Way::Disable, Way::Delete, Way::Leave];
    let rounds = (0..3).flat_map(|_| ways).flat_map(|one| ways.map(|two| (one, two)));
    for (one, two) in rounds {
        let (a, b) = (app.admin().await, app.admin().await);
        if let Some(name) = survivor {
            a.delete(&at(&name)).await.expect(StatusCode::NO_CONTENT);
        }
        let (a_name, b_name) = (a.username.clone(), b.username.clone());
        let attempts = [go(one, a, b_name), go(two, b, a_name)];
        let outcomes = futures_util::future::join_all(attempts).await;
        let admins: Vec<String> = app
            .state
            .db
            .read(|conn| {
                let enabled = users::table.filter(users::role.eq("admin")).filter(users::disabled.eq(0));
                Ok(enabled.select(users::username).load(conn)?)
            })
            .await
            .unwrap();
        assert_eq!(admins.len(), 1, "{one:?} and {two:?}: {outcomes:?}");
        // Both succeed where one deletes the account that was just demoted or disabled.
        assert!(outcomes.iter().any(|status| *status < 300), "{one:?} and {two:?}: {outcomes:?}");
        survivor = admins.into_iter().next();
    }
}

#[actix_web::test]
async fn an_admin_who_never_chose_a_password_is_no_one_to_leave_the_instance_to() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let second = json!({"username": "second", "role": "admin"});
    let made = admin.post(USERS, second).await;
    made.expect(StatusCode::CREATED);
    let own = at(&admin.username);
    admin.patch(&own, json!({"role": "viewer"})).await.expect_problem(409, "last_admin");
    leave(&admin).await.expect_problem(409, "last_admin");

    let temporary = made.json["temporary_password"].as_str().unwrap();
    let page = app.anonymous().sign_in("second", temporary).await;
    let change = json!({"current_password": temporary, "new_password": OWN});
    page.put("/api/v1/me/password", change).await.expect(StatusCode::NO_CONTENT);
    admin.patch(&own, json!({"role": "viewer"})).await.expect(StatusCode::OK);
}
