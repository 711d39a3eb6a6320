//! Defaults and ranges in docs/configuration.md are those of the program, and every command that a document names exists.

use std::{collections::BTreeMap, process::Command};

use status_tracker::config::Config;

use super::{documents, links::code_spans, read, root};

/// Name, default and meaning of each setting.
fn settings() -> Vec<[String; 3]> {
    let text = read(&root().join("docs/configuration.md"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_end_matches(" |").splitn(3, " | ").collect();
        [cells[0].trim_end_matches('`').to_owned(), cells[1].to_owned(), cells[2].to_owned()]
    })
    .collect()
}

#[test]
fn defaults_are_those_of_the_example_file() {
    let example = read(&root().join("deploy/example.env"));
    for [name, default, _] in settings() {
        let written = default.split('`').nth(1).unwrap_or_default().replace("DATA_DIR", "./data");
        assert!(example.contains(&format!("#{name}={written}\n")), "{name}={written} is not in deploy/example.env");
    }
}

/// The meaning says `N to M`: the program accepts both ends and nothing beyond.
#[test]
fn ranges_are_those_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for [name, _, meaning] in settings() {
        let Some((least, most)) = range(&meaning) else { continue };
        for (value, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let pairs = [("DATA_DIR", folder.path().to_str().unwrap().to_owned()), (&name, value.to_string())];
            let environment: BTreeMap<_, _> = pairs.map(|(name, value)| (name.to_owned(), value)).into();
            assert_eq!(Config::from_sources(environment, None).is_ok(), fits, "{name}={value}: \"{meaning}\"");
        }
        tried += 1;
    }
    assert!(tried >= 8, "only {tried} settings have a range");
}

fn range(meaning: &str) -> Option<(i64, i64)> {
    let words: Vec<&str> = meaning.split([' ', ',', ';', '.']).collect();
    let mut numbers = words.windows(3).filter(|words| words[1] == "to");
    numbers.find_map(|words| Some((words[0].parse().ok()?, words[2].parse().ok()?)))
}

#[test]
fn every_command_that_a_document_names_exists() {
    let makefile = read(&root().join("Makefile"));
    let mut commands = 0;
    for document in documents() {
        let text = read(&document);
        for span in code_spans(&text) {
            if let Some(rest) = span.trim().strip_prefix("make ") {
                let target = rest.split_whitespace().next().unwrap();
                assert!(makefile.contains(&format!("\n{target}:")), "{}: make {target}", document.display());
            } else if let Some(rest) = span.trim().strip_prefix("status-tracker ") {
                assert!(is_command(rest), "{}: status-tracker {rest}", document.display());
                commands += 1;
            }
        }
    }
    assert!(commands > 5, "hardly any command was found");
    assert!(!is_command("user destroy") && !is_command("backup create"));
}

/// A command consists of lower-case words; options and values begin after them.
fn is_command(words: &str) -> bool {
    let plain = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let words = words.split_whitespace().take_while(|word| plain(word) && !word.starts_with('-'));
    let help = Command::new(env!("CARGO_BIN_EXE_status-tracker")).args(words).arg("--help").output().unwrap();
    help.status.success()
}
