//! The table of operations in docs/security/rules.md is generated from the rows of `matrix.rs`: `make generate` writes it.

use std::{env, fs};

use super::{read, root};
use crate::matrix::{Row, rows};

const BEGIN: &str = "by `make generate` -->\n";
const END: &str = "<!-- operations: end -->";

/// `WRITE_RULES=FILE` writes the document with the current table there, for `scripts/generate.sh`.
#[test]
fn the_table_of_operations_is_current() {
    let kept = read(&root().join("docs/security/rules.md"));
    let made = with_table(&kept, &table(rows()));
    if let Ok(path) = env::var("WRITE_RULES") {
        fs::write(path, made).unwrap();
    } else {
        assert!(made == kept, "docs/security/rules.md is stale: run make generate");
    }
}

#[test]
fn a_new_row_changes_the_table() {
    let text = format!("before\n{BEGIN}\nold\n\n{END}\nafter\n");
    let row = ("DELETE", "/api/v1/me", serde_json::json!({"password": "x"}), [401, 204, 204, 409]);
    let made = with_table(&text, &table(vec![row]));
    assert!(made.starts_with("before\n") && made.ends_with("\nafter\n") && !made.contains("old"), "{made}");
    assert!(made.contains("| `DELETE /api/v1/me` | signed in | their own, with the password |"), "{made}");
}

fn with_table(text: &str, table: &str) -> String {
    let (before, rest) = text.split_once(BEGIN).expect("the line before the table");
    let (_, after) = rest.split_once(END).expect("the line after the table");
    format!("{before}{BEGIN}\n{table}\n{END}{after}")
}

fn table(mut rows: Vec<Row>) -> String {
    let order = |method: &str| ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().position(|known| *known == method);
    rows.sort_by_key(|(method, path, ..)| (*path, order(method)));
    let lines = rows.iter().map(|row| {
        let path = row.1.replace("/people/robin", "/people/{username}");
        format!("| `{} {path}` | {} | {} |\n", row.0, who(row.3), of_what(row)).replace("|  |", "| |")
    });
    "| operation | who | of what |\n|---|---|---|\n".to_owned() + &lines.collect::<String>()
}

/// The least role that a caller needs. The statuses are for an anonymous caller, a viewer and two admins.
fn who(statuses: [u16; 4]) -> &'static str {
    match statuses {
        // Everybody who is signed in gets the same refusal, so it is about the body.
        [401, 403, 403, 403] => "signed in",
        [401, 403, ..] => "admin",
        [401, _, 403, 403] => "viewer",
        [401, ..] => "signed in",
        _ => "anyone",
    }
}

fn of_what((_, path, body, statuses): &Row) -> String {
    let own = ["/api/v1/me", "/api/v1/entries"].iter().any(|room| path.starts_with(room));
    let watched = path.contains("/people/robin/") && statuses[3] == 404;
    let password = own && (body.get("password").is_some() || body.get("current_password").is_some());
    let notes = [(own, "their own"), (watched, "people they may watch"), (password, "with the password")];
    notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect::<Vec<_>>().join(", ")
}
