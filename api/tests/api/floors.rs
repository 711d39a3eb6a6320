//! The house of floors: a file imports from floors below its own, and from its own room. `lib.rs` alone says which room stands on which
//! floor: each of its paragraphs is a floor, from the ground up.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

type Floors = BTreeMap<String, usize>;

pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn floors() -> Floors {
    let lib = fs::read_to_string(sources().join("lib.rs")).unwrap();
    let room = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    let paragraphs = lib.split("\n\n").map(|paragraph| paragraph.lines().filter_map(room).collect::<Vec<_>>());
    let floors = paragraphs.filter(|rooms| !rooms.is_empty()).zip(1..);
    floors.flat_map(|(rooms, floor)| rooms.into_iter().map(move |room| (room, floor))).collect()
}

/// Words and signs, without comments.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap_or_default().trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            let sign = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            let (token, after) = rest.split_at(if word > 0 { word } else { sign });
            found.push(token);
            rest = after.trim_start();
        }
    }
    found
}

/// The rooms that `crate::`, or enough `super::` to leave the room, lead to, in `use` and inline.
fn imports(text: &str, depth: usize) -> Vec<&str> {
    let (tokens, way_out) = (tokens(text), ["super", "::"].repeat(depth));
    let mut found = Vec::new();
    for start in 0..tokens.len() {
        let rest = &tokens[start..];
        let rest = rest.strip_prefix(&["crate", "::"]).or_else(|| rest.strip_prefix(&way_out[..])).unwrap_or_default();
        if rest.first().is_none_or(|first| *first != "{") {
            found.extend(rest.first().copied());
            continue;
        }
        let mut nested = 0;
        for pair in rest.windows(2) {
            nested += match pair[0] {
                "{" => 1,
                "}" => -1,
                _ => 0,
            };
            match pair {
                _ if nested == 0 => break,
                ["{" | ",", name] if nested == 1 => found.push(*name),
                _ => {}
            }
        }
    }
    found
}

/// The imports of a file that are not below it.
fn arrows_up(floors: &Floors, file: &Path, text: &str) -> Vec<String> {
    let mut segments: Vec<String> = file.with_extension("").iter().map(|part| part.to_string_lossy().into()).collect();
    if segments.last().is_some_and(|last| last == "mod") {
        segments.pop();
    }
    let room = &segments[0];
    let Some(own) = floors.get(room) else { return vec![format!("{}: lib.rs names no such room", file.display())] };
    let above = |to: &&str| to != room && floors.get(*to).is_some_and(|floor| floor >= own);
    let up = imports(text, segments.len()).into_iter().filter(above);
    up.map(|to| format!("{}, on floor {own}, imports {to}, on floor {}", file.display(), floors[to])).collect()
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent = |file: &PathBuf| !fs::read_to_string(file).unwrap().starts_with("//! ");
    let silent: Vec<_> = rust_files(&sources()).into_iter().filter(silent).collect();
    assert_eq!(silent, Vec::<PathBuf>::new());
}

#[test]
fn no_file_imports_from_its_own_floor_or_from_above() {
    let (floors, sources) = (floors(), sources());
    let files = rust_files(&sources).into_iter();
    let rooms: Vec<_> = files.filter(|file| !file.ends_with("src/lib.rs") && !file.ends_with("src/main.rs")).collect();
    let up = rooms
        .iter()
        .flat_map(|file| arrows_up(&floors, file.strip_prefix(&sources).unwrap(), &fs::read_to_string(file).unwrap()));
    assert_eq!(up.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(rooms.len() > 100 && floors.len() > 15, "{} files, {} rooms", rooms.len(), floors.len());
}

#[test]
fn an_arrow_up_is_found_however_it_is_written() {
    let floors = Floors::from([
        ("ground".to_owned(), 1),
        ("beside".to_owned(), 2),
        ("own".to_owned(), 2),
        ("roof".to_owned(), 3),
    ]);
    let found = |file: &str, text: &str| arrows_up(&floors, Path::new(file), text).len();
    for (file, text) in [
        ("own.rs", "use crate::roof;"),
        ("own/mod.rs", "use crate::roof::Tile;"),
        ("own/file.rs", "use crate::{\n    ground::{self, roof},\n    roof::{Tile, self},\n};"),
        ("own/file.rs", "use crate::{ground, // below\n roof as top};"),
        ("own/file.rs", "pub(crate) use crate::beside::Thing;"),
        ("own/deep/file.rs", "fn f() -> crate::roof::Tile { todo!() }"),
        ("own.rs", "use super::roof;"),
        ("own/mod.rs", "use super::{ground, roof};"),
        ("own/file.rs", "use super::super::roof;"),
        ("new.rs", ""),
    ] {
        assert_eq!(found(file, text), 1, "{file}: {text}");
    }
    for (file, text) in [
        ("own/file.rs", "use crate::{ground::roof, own::{roof, beside}};"),
        ("own/file.rs", "use super::roof; // use crate::roof;"),
        ("own/deep/mod.rs", "use super::super::ground;"),
        ("roof.rs", "use crate::{own, beside, ground};"),
    ] {
        assert_eq!(found(file, text), 0, "{file}: {text}");
    }
}
