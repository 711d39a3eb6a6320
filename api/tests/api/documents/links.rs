//! Every relative link leads to a file, every anchor to a heading, and every path of the repository that a document names exists.

use std::{collections::BTreeMap, path::Path};

use super::{documents, read, root};

const FOLDERS: [&str; 7] = ["api/", "deploy/", "docs/", "migrations/", "openapi/", "scripts/", "web/"];

#[test]
fn every_link_and_every_path_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        broken.extend(broken_links(&document, &read(&document)));
        broken.extend(missing_paths(&read(&document)).iter().map(|path| format!("{}: {path}", document.display())));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "[file](docs/nothing.md) [anchor](docs/security.md#nothing) [own](#nothing) ![picture](docs/images/no.png)\n\
                # Here\n[right](docs/security.md#report-a-hole) [own](#here) [folder](docs/decisions) [site](https://example.org)\n\
                `[code](docs/nothing.md)`\n```sh\n[block](docs/nothing.md)\n# Block\n```\n[comment of a block](#block)\n";
    let broken = broken_links(&root().join("README.md"), text);
    assert_eq!(broken.len(), 5, "{broken:#?}");
    assert_eq!(
        missing_paths("`scripts/no.sh`, `scripts/test.sh`, `api/src/<room>/`, `web/src/**/*.test.ts`"),
        ["scripts/no.sh"]
    );
}

#[test]
fn anchors_are_those_of_the_host() {
    let text = "# One `two` (three), four\n## Same\n## Same\n### PATCH and `null`\n";
    assert_eq!(anchors(text), ["one-two-three-four", "same", "same-1", "patch-and-null"]);
}

fn broken_links(document: &Path, text: &str) -> Vec<String> {
    let prose = without_code(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let relative = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    relative
        .filter(|target| !leads_somewhere(document, text, target))
        .map(|target| format!("{}: {target}", document.display()))
        .collect()
}

fn leads_somewhere(document: &Path, text: &str, target: &str) -> bool {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let file = document.parent().unwrap().join(path);
    let headings = |anchor: &str| {
        let text = if path.is_empty() { text.to_owned() } else { read(&file) };
        anchors(&text).iter().any(|known| known == anchor)
    };
    (path.is_empty() || file.exists()) && anchor.is_none_or(headings)
}

/// The anchors that GitHub, GitLab and Forgejo make of headings.
fn anchors(text: &str) -> Vec<String> {
    let mut seen = BTreeMap::<String, u32>::new();
    without_blocks(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
            let anchor = kept.collect::<String>().replace(' ', "-");
            let before = seen.entry(anchor.clone()).and_modify(|count| *count += 1).or_insert(0);
            if *before == 0 { anchor } else { format!("{anchor}-{before}") }
        })
        .collect()
}

/// Paths in code spans that begin with a folder of the repository. Placeholders and patterns are left out.
fn missing_paths(text: &str) -> Vec<String> {
    let plain = |span: &&str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        FOLDERS.iter().any(|folder| span.starts_with(folder)) && span.chars().all(allowed)
    };
    code_spans(text).filter(plain).filter(|path| !root().join(path).exists()).map(str::to_owned).collect()
}

/// Code spans, which begin and end on one line.
pub(super) fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    without_blocks(text).flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The lines outside of fenced blocks.
fn without_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// The text outside of fenced blocks and code spans.
fn without_code(text: &str) -> String {
    without_blocks(text).flat_map(|line| line.split('`').step_by(2).chain(["\n"])).collect()
}
