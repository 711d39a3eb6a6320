//! The program writes into `DATA_DIR` and nowhere else.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use serde_json::{Value, json};
use status_tracker::clock::{Clock, DAY, HOUR, Timestamp};

use crate::db::crash::{Client, PATIENCE, Site};

/// The files a process has open: not sockets, pipes and the like.
fn open_files(process: u32) -> Vec<PathBuf> {
    let found = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let files = found.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    files.filter(|file| file.is_absolute() && !file.starts_with("/dev")).collect()
}

fn entry(clock: &Clock, note: &str) -> Value {
    json!({"id": clock.new_id().to_string(), "metric": "water", "value": 250, "note": note})
}

/// Writes a lot at once, in one savepoint: an entry of each size, and all of them changed together.
fn write_in_many_ways(client: &mut Client, clock: &Clock) {
    for number in 0..40 {
        let note = format!("{number} {}", "x".repeat(490));
        assert_eq!(client.request("POST", "/api/v1/entries", Some(&entry(clock, &note))).unwrap().0, 201);
    }
    let path = "/api/v1/entries/rewind?dry_run=true";
    let to = Timestamp(clock.now().0 - HOUR);
    let (status, preview) = client.request("POST", path, Some(&json!({"to": to}))).unwrap();
    assert_eq!(status, 200, "{preview}");
    let applied = json!({"to": to, "digest": preview["digest"]});
    assert_eq!(client.request("POST", "/api/v1/entries/rewind", Some(&applied)).unwrap().0, 200);
    let token = json!({"name": "a key", "scopes": ["read"], "expires_at": Timestamp(clock.now().0 + DAY)});
    assert_eq!(client.request("POST", "/api/v1/me/tokens", Some(&token)).unwrap().0, 201);
    for path in ["/api/v1/people", "/api/v1/admin/audit", "/api/v1/admin/users", "/api/v1/entries/deleted"] {
        assert_eq!(client.request("GET", path, None).unwrap().0, 200, "{path}");
    }
}

/// Every write has to go to a file that was known before.
#[test]
fn nothing_is_written_beside_what_is_configured() {
    let mut site = Site::new();
    let temporary = site.path("temporary");
    fs::create_dir(&temporary).unwrap();
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o1777)).unwrap();
    let folder: &'static str = temporary.to_str().unwrap().to_owned().leak();
    site.settings = ["SQLITE_TMPDIR", "TMPDIR", "TMP", "TEMP"].map(|name| (name, folder)).to_vec();
    let token = site.token();
    let before = fs::metadata(&temporary).unwrap().modified().unwrap();
    let mut server = site.serve();
    write_in_many_ways(&mut Client::new(site.address, &token), &Clock::system());
    let outside: Vec<PathBuf> =
        open_files(server.id()).into_iter().filter(|file| !file.starts_with(site.folder.path())).collect();
    assert!(outside.is_empty(), "{outside:?}");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    // Creating a file changes its folder, even if the file is gone again.
    assert_eq!(fs::metadata(&temporary).unwrap().modified().unwrap(), before);
    let known =
        ["status-tracker.db", "status-tracker.lock", "status-tracker.db-room", "limits.journal", "log", "temporary"];
    let found: Vec<String> = fs::read_dir(site.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

fn descriptors(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

#[test]
fn writes_go_on_when_no_descriptor_is_left() {
    let mut site = Site::new();
    let token = site.token();
    site.behind = ["sh", "-c", "ulimit -n 120; exec \"$0\" \"$@\""].map(str::to_owned).to_vec();
    let server = site.serve();
    let clock = Clock::system();
    let mut client = Client::new(site.address, &token);
    assert_eq!(client.request("GET", "/health/live", None).unwrap().0, 200);
    let crowd: Vec<_> = (0..200).filter_map(|_| std::net::TcpStream::connect(site.address).ok()).collect();
    let deadline = Instant::now() + PATIENCE;
    while descriptors(server.id()) < 120 {
        assert!(Instant::now() < deadline, "{} descriptors", descriptors(server.id()));
        thread::yield_now();
    }
    write_in_many_ways(&mut client, &clock);
    assert_eq!(client.request("GET", "/health/ready", None).unwrap().0, 200);
    drop(crowd);
    let mut newcomer = Client::new(site.address, &token);
    assert_eq!(newcomer.request("POST", "/api/v1/entries", Some(&entry(&clock, "after"))).unwrap().0, 201);
}

#[test]
fn the_program_says_nowhere_to_shrink_the_file_in_memory() {
    fn search(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                search(&entry.path(), found);
            } else if fs::read_to_string(entry.path()).is_ok_and(|text| {
                // `incremental_vacuum` and `auto_vacuum` move pages within the file.
                let text = text.to_uppercase().replace("_VACUUM", "");
                text.split("VACUUM").skip(1).any(|after| !after.trim_start().starts_with("INTO"))
            }) {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["src", "../migrations", "../scripts"] {
        search(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
}
