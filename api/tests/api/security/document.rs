//! The security documents are complete, and name tests that exist.

use std::collections::BTreeSet;

use super::{repository, sources};

/// The parts of OWASP ASVS 5.0.0 that apply: levels 1 and 2 where the program has the feature, and a choice of level 3.
const LISTED: &str = "1.1.1-2 1.2.1-5 1.2.10 1.3.3 1.3.10 1.4.2 1.5.2 2.1.1-3 2.2.1-3 2.3.1-3 2.4.1 3.2.1-2 3.3.1-5 3.4.1-8 3.5.1-3 3.7.1-2 \
                      4.1.1-4 4.2.1-3 5.1.1 5.2.1-3 5.3.1-2 5.4.1-2 6.1.1-3 6.2.1-12 6.3.1-5 6.3.7-8 6.4.1-3 6.4.6 6.5.1-8 7.1.1-2 7.2.1-4 \
                      7.3.1-2 7.4.1-5 7.5.1-3 7.6.2 8.1.1-2 8.2.1-4 8.3.1-2 8.4.2 9.1.1-3 9.2.1-4 11.1.1-2 11.2.1-3 11.3.1-5 11.4.1-4 11.5.1 \
                      12.1.1-2 12.2.1-2 12.3.1-4 13.1.1-4 13.2.1-5 13.3.1-2 13.3.4 13.4.1-7 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 \
                      15.3.1-5 15.3.7 15.4.1-2 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-4";

const DOCUMENTS: [&str; 4] =
    ["docs/security.md", "docs/security/rules.md", "docs/security/asvs.md", "docs/security/flaws.md"];

/// The tables below one heading of the security documents, row by row without their heads, as plain text.
pub struct Section {
    document: &'static str,
    heading: String,
    rows: Vec<Vec<String>>,
}

impl Section {
    pub fn of(heading: &str) -> Self {
        let (document, text) = document_with(heading);
        let inner = text
            .lines()
            .skip_while(|line| !is_heading(line, heading))
            .skip(1)
            .take_while(|line| !line.starts_with('#'));
        let mut rows: Vec<Vec<String>> = Vec::new();
        for line in inner.filter(|line| line.starts_with('|')) {
            if line.starts_with("|---") {
                rows.pop();
            } else {
                rows.push(cells(line));
            }
        }
        assert!(!rows.is_empty(), "{document}: \"{heading}\" has no table");
        Self { document, heading: heading.to_owned(), rows }
    }

    pub fn rows(&self) -> Vec<Vec<String>> {
        self.rows.clone()
    }

    /// The second column where the first is `name`.
    pub fn value(&self, name: &str) -> &str {
        let row = self.rows.iter().find(|row| row[0] == name);
        &row.unwrap_or_else(|| panic!("{}: \"{}\" has no row \"{name}\"", self.document, self.heading))[1]
    }

    /// The number with which the second column begins.
    pub fn number(&self, name: &str) -> usize {
        let digits: String = self.value(name).chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_else(|_| panic!("{name}: {} begins with no number", self.value(name)))
    }
}

fn is_heading(line: &str, heading: &str) -> bool {
    line.starts_with('#') && line.trim_start_matches('#').trim() == heading
}

/// The one document that has this heading, once.
fn document_with(heading: &str) -> (&'static str, String) {
    let texts = DOCUMENTS.map(|document| (document, repository(document)));
    let places: Vec<&str> = texts
        .iter()
        .flat_map(|(document, text)| text.lines().filter(|line| is_heading(line, heading)).map(|_| *document))
        .collect();
    assert_eq!(places.len(), 1, "\"{heading}\" has to be in one security document, and is in {places:?}");
    texts.into_iter().find(|(document, _)| *document == places[0]).unwrap()
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{1}");
    inner.split('|').map(|cell| cell.replace('`', "").replace('\u{1}', "|").trim().to_owned()).collect()
}

fn listed() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for range in LISTED.split_whitespace() {
        let (section, numbers) = range.rsplit_once('.').unwrap();
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        for number in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
            ids.insert(format!("{section}.{number}"));
        }
    }
    ids
}

/// Test names with the path of their module, as `cargo test` prints them.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (file, text) in sources("api/tests/api", &[".rs"]) {
        let module = file
            .rsplit("/tests/api/")
            .next()
            .unwrap()
            .trim_end_matches(".rs")
            .trim_end_matches("/mod")
            .replace('/', "::");
        let mut is_test = false;
        for line in text.lines() {
            if line == "#[test]" || line == "#[actix_web::test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
                if is_test {
                    found.insert(format!("{module}::{}", rest.split('(').next().unwrap()));
                }
                is_test = false;
            }
        }
    }
    found
}

/// The full path of the test that `row` calls `name`: a path, or the name of a test in this folder.
fn found(tests: &BTreeSet<String>, name: &str, row: &str) -> String {
    let end = format!("::{name}");
    let known = |test: &&String| *test == name || (test.starts_with("security::") && test.ends_with(&end));
    tests.iter().find(known).unwrap_or_else(|| panic!("{row} names {name}, which is no test")).clone()
}

/// `v5_0_0_6_2_1_passwords_...` is about 6.2.1.
fn id_of(test: &str) -> Option<String> {
    let numbers = test.rsplit("::").next().unwrap().strip_prefix("v5_0_0_")?;
    Some(numbers.split('_').take(3).collect::<Vec<_>>().join("."))
}

#[test]
fn every_requirement_has_a_row_and_every_row_a_test_that_exists() {
    let (tests, listed) = (tests(), listed());
    let (met, departures) = (Section::of("Requirements").rows(), Section::of("Departures").rows());
    let mut seen = BTreeSet::new();
    let mut named = BTreeSet::new();
    for row in &met {
        let [id, how, shown_by] = &row[..] else { panic!("{row:?} does not have three columns") };
        assert!(listed.contains(id), "{id} is not one of those that apply");
        assert!(seen.insert(id.clone()), "{id} has two rows");
        assert!(!how.is_empty() && !shown_by.is_empty(), "{id} says neither how nor where");
        for name in shown_by.split(", ") {
            named.insert(found(&tests, name, id));
        }
    }
    for row in &departures {
        let [id, why] = &row[..] else { panic!("{row:?} does not have two columns") };
        assert!(listed.contains(id), "{id} is not one of those that apply");
        assert!(!why.is_empty(), "{id} departs without a reason");
        seen.insert(id.clone());
    }
    let missing: Vec<_> = listed.difference(&seen).collect();
    assert!(missing.is_empty(), "docs/security/asvs.md has no row for {missing:?}");
    for test in tests.iter().filter(|test| id_of(test).is_some()) {
        assert!(named.contains(test), "{test} has no row in docs/security/asvs.md");
        let id = id_of(test).unwrap();
        let row = met.iter().find(|row| row[0] == id).unwrap_or_else(|| panic!("{test}: {id} has no row"));
        assert!(row[2].contains(test.rsplit("::").next().unwrap()), "{id} does not name {test}");
    }
}

#[test]
fn every_class_of_flaw_has_a_test_or_a_reason() {
    let tests = tests();
    let mut named = BTreeSet::new();
    for row in Section::of("Classes of flaw").rows() {
        let [class, holds, shown_by] = &row[..] else { panic!("{row:?} does not have three columns") };
        assert!(!holds.is_empty(), "{class}");
        if shown_by.starts_with("not yet: ") {
            continue;
        }
        for name in shown_by.split(", ") {
            named.insert(found(&tests, name, class));
        }
    }
    for test in tests.iter().filter(|test| test.starts_with("security::flaws::")) {
        assert!(named.contains(test), "{test} has no row in docs/security/flaws.md");
    }
}
