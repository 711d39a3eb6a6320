//! Ids, names and users do not stand side by side as one type, where a caller could swap them and nobody would see it.

use std::fs;

use crate::floors::{files, sources};

/// The first two parameters of each function that may be swapped: both users or ids of one type, or both texts of which one is an id.
fn swappable(text: &str) -> Vec<String> {
    let signatures = text.split("fn ").skip(1).filter_map(|rest| rest.split(['{', ';']).next());
    let parameter = |part: &str| {
        let (name, of) = part.rsplit_once(": ")?;
        Some((name.rsplit([' ', '(']).next()?.to_owned(), of.split(')').next()?.trim().to_owned()))
    };
    let is_id = |name: &str| name.ends_with("id") || ["username", "person", "viewer", "owner"].contains(&name);
    let is_text = |of: &str| ["&str", "String", "Uuid", "Option<String>", "Option<&str>"].contains(&of);
    let pair = |signature: &str| {
        let parameters: Vec<_> = signature.split(',').filter_map(parameter).collect();
        let mut pairs = parameters.windows(2).filter(|pair| pair[0].1 == pair[1].1);
        let found = pairs.find(|pair| {
            let (of, names) = (&pair[0].1, [&pair[0].0, &pair[1].0]);
            let is_typed = ["User", "Username", "Id"].iter().any(|end| of.ends_with(end));
            is_typed || is_text(of) && names.into_iter().any(|name| is_id(name))
        });
        found.map(|pair| format!("{pair:?}"))
    };
    signatures.filter_map(pair).collect()
}

#[test]
fn no_function_takes_two_ids_side_by_side() {
    let texts: Vec<String> = files(&sources()).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(texts.iter().flat_map(|text| swappable(text)).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(texts.len() > 100, "{} files", texts.len());
}

#[test]
fn two_ids_side_by_side_are_found_however_they_are_written() {
    for text in [
        "fn f(user_id: &str, code: &str) {}",
        "pub fn f(\n    conn: &mut Conn,\n    person: &User,\n    viewer: &User,\n) -> bool {}",
        "pub(super) async fn f<T: Fn(&str, u8) -> bool>(&self, id: &SessionId, new_id: &SessionId) -> T {}",
        "fn f(user: Uuid, session_id: Uuid, at: Timestamp) {}",
        "fn f(with: impl Fn(&str) -> u8, a: Username, b: Username);",
    ] {
        assert_eq!(swappable(text).len(), 1, "{text}");
    }
    for text in [
        "fn f(user_id: &UserId, code: &str) {}",
        "fn f(person: &PersonId, viewer: &ViewerId) -> Option<(UserId, UserId)> {}",
        "fn f(list: &str, position: &str) {} fn g(id: &str) {}",
        "struct Ends<'a> { person: &'a User, viewer: &'a User }",
    ] {
        assert_eq!(swappable(text), Vec::<String>::new(), "{text}");
    }
}
