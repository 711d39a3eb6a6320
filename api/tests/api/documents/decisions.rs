//! docs/decisions/README.md lists every decision once, with its title; the template has the sections of a decision.

use std::{collections::BTreeSet, fs, path::Path};

use super::{read, root};

/// Number, file name and text of each decision.
fn decisions() -> Vec<(String, String, String)> {
    let paths = fs::read_dir(root().join("docs/decisions")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(String, String, String)> = paths.filter_map(|path| decision(&path)).collect();
    found.sort();
    found
}

fn decision(path: &Path) -> Option<(String, String, String)> {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let (number, _) = name.split_once('-')?;
    number.parse::<u32>().ok()?;
    Some((number.to_owned(), name, read(path)))
}

#[test]
fn the_index_lists_every_decision_with_its_title() {
    let index = read(&root().join("docs/decisions/README.md"));
    let mut numbers = BTreeSet::new();
    for (number, name, text) in decisions() {
        let title = text.lines().next().unwrap();
        let (heading, title) = title.strip_prefix("# ").and_then(|title| title.split_once(". ")).unwrap();
        assert_eq!(format!("{heading:0>4}"), number, "the heading of {name} has another number");
        assert!(numbers.insert(number.clone()), "two decisions have the number {number}");
        let row = format!("| {heading} | [{title}]({name}) |");
        assert_eq!(index.matches(&row).count(), 1, "docs/decisions/README.md needs one row: {row}");
    }
    let rows = index.lines().filter(|line| line.contains(".md) |")).count();
    assert_eq!(rows, numbers.len(), "docs/decisions/README.md lists a decision that does not exist");
}

#[test]
fn every_decision_says_what_was_decided_and_why() {
    let template = read(&root().join("docs/decisions/template.md"));
    for heading in ["## Decided", "## Why"] {
        assert!(template.contains(heading), "the template has no {heading}");
        for (_, name, text) in decisions() {
            assert!(text.lines().any(|line| line == heading), "{name} has no section \"{heading}\"");
        }
    }
}
