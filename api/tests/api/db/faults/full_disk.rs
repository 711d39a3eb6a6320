//! A disk that is full at the start or later, or fails: reads go on, writes are refused with the reason, health says so, and everything
//! works again once the disk does.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, ErrorKind, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use status_tracker::clock::Clock;
use tempfile::TempDir;

use crate::db::crash::{Client, Server, Site};

/// A small disk of our own, which other processes cannot see.
struct Disk {
    /// Holds the mount; it ends with its standard input.
    holder: Child,
    folder: PathBuf,
}

impl Disk {
    fn new(folder: &TempDir) -> Self {
        let folder = folder.path().join("disk");
        fs::create_dir(&folder).unwrap();
        let mount = "mount -t tmpfs -o size=16m,mode=700 tmpfs \"$0\" && echo mounted && exec cat >/dev/null";
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", mount, folder.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n", "this machine lets nobody mount a file system of their own");
        Self { holder, folder }
    }

    /// The command line that starts a program where the disk is visible.
    fn enter(&self) -> Vec<String> {
        let target = self.holder.id().to_string();
        let words = ["nsenter", "--target", &target, "--user", "--mount", "--preserve-credentials", "--"];
        words.map(str::to_owned).to_vec()
    }

    /// The path of a file on it, as seen from here.
    fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").unwrap()).join(name)
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.path("filler")).unwrap();
        let full = std::iter::repeat_with(|| file.write_all(&[0; 4096])).find_map(Result::err).unwrap();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ended = self.holder.wait();
    }
}

/// A site whose data is on a small disk.
fn on_a_small_disk() -> (Site, Disk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(&folder);
    let data: &'static str = disk.folder.to_str().unwrap().to_owned().leak();
    let behind = disk.enter();
    let settings = vec![("DATA_DIR", data), ("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "100000/1s")];
    (Site::within(folder, settings, behind), disk)
}

fn log(client: &mut Client) -> (u16, Value) {
    let id = Clock::system().new_id().to_string();
    let entry = json!({"id": id, "metric": "water", "value": 250, "note": "x".repeat(400)});
    client.request("POST", "/api/v1/entries", Some(&entry)).unwrap()
}

fn readiness(client: &mut Client) -> (u16, Value) {
    let (status, report) = client.request("GET", "/health/ready", None).unwrap();
    (status, report["checks"].clone())
}

#[track_caller]
fn refuses_writes_and_goes_on_reading(client: &mut Client, status: u16, code: &str) {
    for _ in 0..3 {
        let (refused, problem) = log(client);
        assert_eq!((refused, problem["code"].as_str()), (status, Some(code)), "{problem}");
        for path in ["/api/v1/people/robin/status", "/api/v1/people/robin/entries", "/api/v1/me", "/health/live"] {
            assert_eq!(client.request("GET", path, None).unwrap().0, 200, "{path}");
        }
        let (ready, checks) = readiness(client);
        assert_eq!(ready, 503, "{checks}");
        assert_eq!((&checks["database_reads"], &checks["database_writes"]), (&json!("ok"), &json!("failing")));
    }
}

#[track_caller]
fn is_well(client: &mut Client) {
    assert_eq!(log(client).0, 201);
    let (ready, checks) = readiness(client);
    assert_eq!(ready, 200, "{checks}");
}

fn entries(client: &mut Client) -> usize {
    let (status, page) = client.request("GET", "/api/v1/people/robin/entries?limit=100", None).unwrap();
    assert_eq!((status, &page["next_cursor"]), (200, &Value::Null));
    page["items"].as_array().unwrap().len()
}

/// Uses up the room that the write-ahead log has already taken on a full disk. Returns how many entries were stored.
fn fill_up(client: &mut Client) -> usize {
    for kept in 0..90 {
        let (status, problem) = log(client);
        if status != 201 {
            assert_eq!((status, problem["code"].as_str()), (507, Some("disk_full")), "{problem}");
            return kept;
        }
    }
    panic!("the disk is never full");
}

#[test]
fn a_disk_that_fills_up_refuses_writes_until_there_is_room() {
    let (site, disk) = on_a_small_disk();
    let token = site.token();
    let _server = site.serve();
    let mut client = Client::new(site.address, &token);
    is_well(&mut client);
    disk.fill();
    let kept = 1 + fill_up(&mut client);
    refuses_writes_and_goes_on_reading(&mut client, 507, "disk_full");
    assert_eq!(entries(&mut client), kept);
    disk.make_room();
    is_well(&mut client);
    assert_eq!(entries(&mut client), kept + 1);
}

/// The database opens, however the server before it ended.
#[test]
fn a_full_disk_does_not_stop_the_start() {
    let ends: [fn(&mut Server); 2] = [Server::kill, |server| {
        server.signal("TERM");
        assert_eq!(server.wait().code(), Some(0));
    }];
    for end in ends {
        let (mut site, disk) = on_a_small_disk();
        site.settings.push(("STOP_DELAY_SECONDS", "0"));
        let token = site.token();
        let mut server = site.serve();
        let mut client = Client::new(site.address, &token);
        let mut kept = 3;
        for _ in 0..kept {
            is_well(&mut client);
        }
        for _ in 0..3 {
            end(&mut server);
            disk.fill();
            server = site.serve_until("/health/live");
            client = Client::new(site.address, &token);
            assert_eq!(entries(&mut client), kept);
            kept += fill_up(&mut client);
            refuses_writes_and_goes_on_reading(&mut client, 507, "disk_full");
        }
        disk.make_room();
        is_well(&mut client);
        assert_eq!(entries(&mut client), kept + 1);
        end(&mut server);
        let _again = site.serve();
        is_well(&mut Client::new(site.address, &token));
    }
}

/// Limits the size of the process's files from now on; a write beyond it fails.
fn allow(server: &Server, bytes: &str) {
    let words = ["--pid", &server.id().to_string(), &format!("--fsize={bytes}:")];
    assert!(Command::new("prlimit").args(words).status().unwrap().success());
}

#[test]
fn a_disk_that_fails_refuses_writes_until_it_works_again() {
    let mut site = Site::new();
    let token = site.token();
    // The signal that comes with the error would end the process.
    site.behind = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(str::to_owned).to_vec();
    let server = site.serve();
    let mut client = Client::new(site.address, &token);
    for round in 0..3 {
        is_well(&mut client);
        allow(&server, "0");
        refuses_writes_and_goes_on_reading(&mut client, 503, "storage_failed");
        allow(&server, "unlimited");
        assert_eq!(entries(&mut client), round + 1);
    }
    is_well(&mut client);
    site.assert_sound();
}
