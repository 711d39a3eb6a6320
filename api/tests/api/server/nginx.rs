//! An nginx in front of one test's server, with the configuration that operators get. Used when `THROUGH_NGINX=1` is set.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

/// The ports given to scripts/render-nginx.sh; each test replaces them with its own, since running the script 200 times is slow.
const PORT: &str = "65533";
const API_PORT: &str = "65534";
/// The rendered files, and the folder they were rendered into, which they name.
struct Rendered {
    folder: String,
    files: Vec<(String, String)>,
}

pub struct Nginx {
    child: Child,
    pub url: String,
    /// The folder it runs in, with the page it serves.
    folder: TempDir,
}

impl Nginx {
    /// Starts one in front of `api_port`, if the tests are to run through nginx.
    pub fn if_wanted(api_port: u16, over_tls: bool) -> Option<Self> {
        (std::env::var("THROUGH_NGINX").as_deref() == Ok("1")).then(|| Self::start(api_port, over_tls))
    }

    /// Serves a page of one line. `over_tls` says that people come by TLS, which something in front takes off.
    pub fn start(api_port: u16, over_tls: bool) -> Self {
        static PLAIN: OnceLock<Rendered> = OnceLock::new();
        static OVER_TLS: OnceLock<Rendered> = OnceLock::new();
        let rendered = if over_tls {
            OVER_TLS.get_or_init(|| render("https://status.example.org", ""))
        } else {
            PLAIN.get_or_init(|| render("http://localhost", ""))
        };
        Self::run(api_port, rendered)
    }

    /// Starts one that believes these proxies in front of it.
    pub fn believing(api_port: u16, proxies: &str) -> Self {
        Self::run(api_port, &render("http://localhost", proxies))
    }

    fn run(api_port: u16, Rendered { folder: rendered_in, files }: &Rendered) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        // nginx inherits the socket, as at an upgrade: nobody else can take the port, and early connections wait in the socket's own queue.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for (name, text) in files {
            let text = text
                .replace(rendered_in, root.to_str().unwrap())
                .replace(API_PORT, &api_port.to_string())
                .replace(PORT, &port.to_string());
            fs::write(root.join(name), text).unwrap();
        }
        write_page(root);
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "nginx", "-e", "stderr", "-p"]).arg(root);
        command.arg("-c").arg(root.join("nginx.conf")).env("PATH", path()).env("NGINX", "0;");
        command.stdin(Stdio::from(OwnedFd::from(listener)));
        command.stderr(File::create(root.join("nginx.log")).unwrap());
        let child = command.spawn().expect("nginx and setpriv are there: scripts/install-tools.sh test");
        Self { child, url: format!("http://127.0.0.1:{port}"), folder }
    }

    /// The folder of the page.
    pub fn page(&self) -> PathBuf {
        self.folder.path().join("page")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Not `Child::kill`: a master that is killed leaves its workers behind.
        let ended = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        if ended.is_ok_and(|status| status.success()) {
            drop(self.child.wait());
        }
    }
}

/// Debian installs nginx outside every user's PATH.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn write_page(root: &Path) {
    let page = root.join("page");
    fs::create_dir_all(page.join("assets")).unwrap();
    fs::write(page.join("index.html"), "<!doctype html><title>Status</title>\n").unwrap();
    fs::write(page.join("assets/index-0a1b2c3d.js"), "export {};\n").unwrap();
}

fn render(public_url: &str, proxies: &str) -> Rendered {
    let root = tempfile::tempdir().unwrap();
    let folder = fs::canonicalize(root.path()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/render-nginx.sh");
    let mut command = Command::new(script);
    command.arg(&folder).env("PORT", PORT).env("API_PORT", API_PORT).env("WEB_ROOT", folder.join("page"));
    command.env("LISTEN_ADDR", "127.0.0.1").env("PUBLIC_URL", public_url).env_remove("NGINX_USER");
    command.env("NGINX_TRUSTED_PROXIES", proxies);
    // As root, nginx runs its workers as root too, as in scripts/with-server.sh: the folders of a test are private.
    if fs::metadata(&folder).unwrap().uid() == 0 {
        command.env("NGINX_USER", "root");
    }
    assert!(command.status().unwrap().success(), "{script} failed");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
    };
    let files = fs::read_dir(&folder).unwrap().map(read).collect();
    Rendered { folder: folder.to_str().unwrap().to_owned(), files }
}
