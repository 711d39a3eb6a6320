//! Refuses requests that only an attacker sends. Text that a person may well have typed is recorded
//! at most: every value is bound in SQL and shown as text, so a note about `<script>` is a note.

use actix_web::http::header::HeaderMap;
use serde::Deserialize;

use crate::words::words;

words! {
    pub enum SecurityEventKind {
        /// A path that leads out of its folder.
        Traversal "traversal",
        /// The byte at which many programs stop reading.
        Nul "nul",
        /// An address that other products have.
        Scanner "scanner",
        Script "script",
        Sql "sql",
        /// A browser says that our policy refused something.
        CspReport "csp_report",
    }
}

impl SecurityEventKind {
    pub const ALL: [Self; 6] = [Self::Traversal, Self::Nul, Self::Scanner, Self::Script, Self::Sql, Self::CspReport];
}

/// Something suspicious in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: SecurityEventKind,
    /// Whether the request is refused for it.
    pub refused: bool,
    pub detail: String,
}

const SCRIPT: [&str; 6] = ["<script", "</script", "javascript:", "onerror=", "onload=", "<iframe"];
/// Signs of SQL that no honest address contains.
const SQL_IN_ADDRESS: [&str; 10] =
    ["union select", "union all select", "/**/", "';", "'--", "' --", "' or ", "' and ", "or 1=1", "select * from"];
const SQL_IN_TEXT: [&str; 7] =
    ["union select", "union all select", "' or '", "' or 1=1", "; drop table", "; delete from", "information_schema"];
/// Beginnings of addresses.
const OTHER_PRODUCTS: [&str; 22] = [
    "/wp-",
    "/wordpress",
    "/xmlrpc",
    "/phpmyadmin",
    "/pma/",
    "/myadmin",
    "/cgi-bin",
    "/actuator",
    "/server-status",
    "/boaform",
    "/hnap1",
    "/_ignition",
    "/solr",
    "/manager/html",
    "/telescope",
    "/jenkins",
    "/owa/",
    "/autodiscover",
    "/vendor/",
    "/struts",
    "/phpinfo",
    "/adminer",
];
/// Endings of addresses.
const OTHER_PROGRAMS: [&str; 7] = [".php", ".asp", ".aspx", ".jsp", ".cgi", ".sql", ".bak"];
/// Parts of addresses.
const HIDDEN_FILES: [&str; 10] =
    [".env", ".git", ".svn", ".hg", ".aws", ".ssh", ".htaccess", ".htpasswd", ".ds_store", ".npmrc"];
const LOOKED_AT: [&str; 3] = ["user-agent", "referer", "accept-language"];

/// Beginnings of the addresses that tell of a life: when somebody logs, whom they watch, who watches them.
const PRIVATE: [&str; 9] = [
    "/api/v1/entries",
    "/api/v1/people",
    "/api/v1/me/shares",
    "/api/v1/me/audience",
    "/api/v1/me/events",
    "/api/v1/start",
    "/people",
    "/history",
    "/sharing",
];

/// The method and the beginning of the private address that the detail of a [`Finding`] is about; `None` where every admin may know who
/// asked for it.
pub(super) fn private_place(detail: &str) -> Option<String> {
    let (method, path) = detail.split_once(' ')?;
    PRIVATE.into_iter().find(|start| path.starts_with(start)).map(|start| format!("{method} {start}"))
}

/// Looks at a request before it is routed. `path` and `query` are as they were sent.
#[must_use]
pub fn inspect(method: &str, path: &str, query: &str, headers: &HeaderMap) -> Option<Finding> {
    let decoded = decode(path);
    if let Some(kind) = in_path(&decoded) {
        return Some(Finding { kind, refused: true, detail: format!("{method} {decoded}") });
    }
    in_query(method, &decoded, query).or_else(|| in_headers(method, &decoded, headers))
}

fn in_path(path: &str) -> Option<SecurityEventKind> {
    if path.contains('\0') {
        return Some(SecurityEventKind::Nul);
    }
    if path.contains('\\') || path.split('/').any(|part| part == ".." || part.starts_with("..;")) {
        return Some(SecurityEventKind::Traversal);
    }
    let ours = ["/api/", "/people/", "/admin/users/"].iter().any(|start| path.starts_with(start));
    let hidden = path.split('/').any(|part| HIDDEN_FILES.iter().any(|file| part.starts_with(file)));
    // A user may be called `info.php`; nobody may be called `.env`.
    let foreign = OTHER_PRODUCTS.iter().any(|start| path.starts_with(start))
        || OTHER_PROGRAMS.iter().any(|end| path.ends_with(end));
    if hidden || (!ours && foreign) {
        return Some(SecurityEventKind::Scanner);
    }
    code(path, &SQL_IN_ADDRESS)
}

/// Looks at the parameters: their names are ours, their values may be somebody's words. No value is recorded, since it could be a
/// credential.
fn in_query(method: &str, path: &str, query: &str) -> Option<Finding> {
    let mut recorded = None;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")));
        let kind = if name.contains('\0') || value.contains('\0') {
            Some(SecurityEventKind::Nul)
        } else {
            code(&name, &SQL_IN_ADDRESS)
        };
        if let Some(kind) = kind {
            return Some(Finding {
                kind,
                refused: true,
                detail: format!("{method} {path}: the name or value of a parameter"),
            });
        }
        if let Some(kind) = code(&value, &SQL_IN_TEXT).filter(|_| recorded.is_none()) {
            let name: String = name.chars().take(40).collect();
            recorded = Some(Finding { kind, refused: false, detail: format!("{method} {path}: parameter `{name}`") });
        }
    }
    recorded
}

fn in_headers(method: &str, path: &str, headers: &HeaderMap) -> Option<Finding> {
    LOOKED_AT.into_iter().find_map(|name| {
        let kind = code(&decode(headers.get(name)?.to_str().ok()?), &SQL_IN_TEXT)?;
        Some(Finding { kind, refused: false, detail: format!("{method} {path}: header `{name}`") })
    })
}

/// The fields of any body in which a person writes what they like.
#[derive(Deserialize)]
struct FreeText {
    note: Option<String>,
    display_name: Option<String>,
    name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// Looks at the free text in a parsed body. It is stored as written whatever is found.
#[must_use]
pub fn inspect_body(method: &str, path: &str, body: &[u8]) -> Option<Finding> {
    let path = decode(path);
    let FreeText { note, display_name, name, tags } = serde_json::from_slice(body).ok()?;
    let texts = [("note", note), ("display_name", display_name), ("name", name)];
    let texts = texts.into_iter().filter_map(|(field, text)| Some((field, text?)));
    texts.chain(tags.into_iter().map(|tag| ("tags", tag))).find_map(|(field, text)| {
        let kind = code(&text.to_lowercase(), &SQL_IN_TEXT)?;
        Some(Finding { kind, refused: false, detail: format!("{method} {path}: field `{field}`") })
    })
}

fn code(text: &str, sql: &[&str]) -> Option<SecurityEventKind> {
    if SCRIPT.iter().any(|part| text.contains(part)) {
        return Some(SecurityEventKind::Script);
    }
    sql.iter().any(|part| text.contains(part)).then_some(SecurityEventKind::Sql)
}

/// Lower case, with every layer of percent encoding removed, and overlong encodings of dots and slashes made plain.
fn decode(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    // Anything encoded more often than this reaches nothing that decodes as often.
    for _ in 0..4 {
        let decoded = decode_once(&bytes);
        if decoded == bytes {
            break;
        }
        bytes = decoded;
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        // An overlong sequence of two bytes is no UTF-8, but some programs read it as such.
        let overlong = tail.first().filter(|_| matches!(first, 0xc0 | 0xc1));
        let (byte, tail) = match overlong {
            Some(second) => (((first & 0x1f) << 6) | (second & 0x3f), &tail[1..]),
            None => (*first, tail),
        };
        plain.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&plain).to_lowercase()
}

fn decode_once(bytes: &[u8]) -> Vec<u8> {
    let digit =
        |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            decoded.push(16 * high + low);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    decoded
}
