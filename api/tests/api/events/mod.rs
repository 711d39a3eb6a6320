//! The live streams.

mod changes;
mod ids;
mod limits;
pub mod listener;
mod partial;
mod presence;
mod pruning;
mod raw;
mod returning;
mod revoked;

use std::time::{Duration, Instant};

use status_tracker::{
    account::{model::find_user_by_name, username::Username},
    metric::Detail,
    outbox::{self, Subject, Topic},
    people::sharing::{Share, find_share, save_share},
};

use crate::support::TestApp;

/// Changes what robin lets alex see.
async fn change_share(app: &TestApp, change: impl FnOnce(&mut Share) + Send + 'static) {
    let now = app.clock.now();
    let write = move |conn: &mut _| {
        let person = find_user_by_name(conn, &Username::typed("robin"))?.unwrap().as_person();
        let viewer = find_user_by_name(conn, &Username::typed("alex"))?.unwrap().as_viewer();
        let mut share = find_share(conn, &person, &viewer)?.unwrap();
        change(&mut share);
        save_share(conn, &share)?;
        Ok(outbox::add(conn, &person, Topic::Share, Detail::Logged, Subject::Viewer(&viewer), now)?)
    };
    app.state.db.write(write).await.unwrap();
}

/// Waits until this many streams are left.
#[track_caller]
fn until_open(app: &TestApp, left: usize) {
    let begun = Instant::now();
    while app.services.streams.count() > left {
        assert!(begun.elapsed() < Duration::from_secs(5), "a closed stream still counts");
    }
}
