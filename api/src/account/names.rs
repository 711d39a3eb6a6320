//! Names for people to read. A name has to show something, and anybody who decides about a person sees whose names look like theirs.

use std::borrow::Cow;

use diesel::prelude::*;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::skeleton;
use validator::ValidationError;

use super::{model::User, username::Username};
use crate::db::{DbConnection, schema::users};

/// Characters that take no room where they are shown: Unicode's `Default_Ignorable_Code_Point`, the marks around annotations,
/// and the controls that place hieroglyphs.
const INVISIBLE: [(char, char); 19] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];
/// The invisible characters that names may hold: they join letters in Persian or Hindi, or make a sign an emoji.
const JOINS: [char; 3] = ['\u{200c}', '\u{200d}', '\u{fe0f}'];

fn is_invisible(c: char) -> bool {
    c.is_control() || INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Characters that take room and show nothing: the empty pattern of Braille, the blanks of hieroglyphs, and the null note.
const BLANK: [char; 4] = ['\u{2800}', '\u{13441}', '\u{13442}', '\u{1d159}'];

/// White space in any script, and what looks like it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || BLANK.contains(&c)
}

/// # Errors
/// The message says which rule the name breaks.
pub fn validate_name(name: &str) -> Result<(), ValidationError> {
    let refused = |message| Err(ValidationError::new("name").with_message(Cow::Borrowed(message)));
    if !name.chars().any(|c| !is_invisible(c) && !is_blank(c) && !is_combining_mark(c)) {
        return refused("has to hold at least one character that can be seen");
    }
    if name.chars().any(|c| is_invisible(c) && !JOINS.contains(&c)) {
        return refused("has to be without characters that cannot be seen, or that turn the direction of text");
    }
    Ok(())
}

/// The name to show: of a name older than these rules only the visible part, or the user name where nothing is visible.
#[must_use]
pub fn shown(user: &User) -> String {
    if validate_name(&user.display_name).is_ok() {
        return user.display_name.clone();
    }
    let seen: String = user.display_name.chars().filter(|c| !is_invisible(*c) || JOINS.contains(c)).collect();
    if validate_name(&seen).is_ok() { seen } else { user.username.as_str().to_owned() }
}

/// The skeletons of a name (UTS #39), ignoring case: one for each way to read it.
fn looks(name: &str) -> [String; 2] {
    let plain: String = name.nfkc().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = plain.split(is_blank).filter(|word| !word.is_empty()).collect();
    let plain = words.join(" ");
    let look = |text: &str| skeleton(text).collect::<String>().to_lowercase();
    // A capital I looks like a small l, and not like a small i.
    [look(&plain), look(&plain.to_lowercase())]
}

/// The names of all users, read when they are first needed.
#[derive(Debug, Default)]
pub struct Lookalikes(Option<Vec<(Username, Vec<String>)>>);

impl Lookalikes {
    /// The user names of all others whose name looks like one of `user`'s.
    pub fn of(&mut self, conn: &mut DbConnection, user: &User) -> QueryResult<Vec<Username>> {
        let all = match &mut self.0 {
            Some(all) => all,
            unread => unread.insert(read(conn)?),
        };
        let own = looks_of(&user.username, &user.display_name);
        let others = all.iter().filter(|(username, _)| *username != user.username);
        let alike = others.filter(|(_, looks)| looks.iter().any(|look| own.contains(look)));
        Ok(alike.map(|(username, _)| username.clone()).collect())
    }
}

fn looks_of(username: &Username, display_name: &str) -> Vec<String> {
    [username.as_str(), display_name].into_iter().flat_map(looks).collect()
}

fn read(conn: &mut DbConnection) -> QueryResult<Vec<(Username, Vec<String>)>> {
    let found: Vec<(Username, String)> = users::table
        .filter(users::username.gt(""))
        .order(users::username)
        .select((users::username, users::display_name))
        .load(conn)?;
    let with_looks = |(username, display_name): (Username, String)| {
        let looks = looks_of(&username, &display_name);
        (username, looks)
    };
    Ok(found.into_iter().map(with_looks).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(a: &str, b: &str) -> bool {
        let b = looks(b);
        looks(a).iter().any(|look| b.contains(look))
    }

    #[test]
    fn a_name_shows_something_and_hides_nothing() {
        for name in ["Robin", "Ö", "祖母", "می‌خواهم", "क्‍ष", "❤️", "👩‍👧", "O'Neill", " x ", "-", "é", "\u{e000}"]
        {
            assert!(validate_name(name).is_ok(), "{name}");
        }
        let unseen = [
            "\u{200b}",
            "\u{2060}",
            "\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{ad}",
            "\u{e0041}",
            "\u{fe0f}",
            "\u{301}",
            "\u{20dd}",
            "\u{200d}",
            "\u{200e}",
            "\u{3000}",
            "\u{a0}",
            "\u{feff}",
            "\u{1d159}",
            "\u{1d173}",
            "\u{1d17a}",
            "\u{13430}",
            "\u{13441}",
            "\u{13442}",
            "\u{16fe4}",
            "\u{180b}",
            "\u{180e}",
            "\u{17b4}",
            "\u{17b5}",
            "\u{1160}",
            "\u{1bca0}",
            "\u{2064}",
            "\u{206f}",
            "\u{fff0}",
            "\u{e0100}",
            "\u{34f}",
            " \u{200b} ",
        ];
        for name in unseen {
            assert!(validate_name(name).is_err(), "{}", name.escape_unicode());
            assert!(validate_name(&name.repeat(3)).is_err(), "{}", name.escape_unicode());
        }
        for c in ['\u{202e}', '\u{2066}', '\u{61c}', '\u{200f}', '\n', '\u{85}', '\u{2029}', '\u{200b}', '\u{e0067}'] {
            assert!(validate_name(&format!("Da{c}d")).is_err(), "{}", c.escape_unicode());
        }
    }

    #[test]
    fn names_that_render_alike_are_alike() {
        for (a, b) in [
            ("Dad", "dad"),
            ("Dad", " Dad  "),
            ("dad", "dаd"),
            ("Anna", "Αnna"),
            ("Alex", "AIex"),
            ("alex", "a1ex"),
            ("Robin", "Ｒobin"),
            ("mom", "rnom"),
            ("Bob", "B0b"),
            ("robin", "r\u{200d}obin"),
            ("Old Joe", "Old\u{a0}Joe"),
            ("Old Joe", "Old\u{1d159}Joe"),
            ("robin", "rob\u{202e}in"),
            ("é", "e\u{301}"),
        ] {
            assert!(alike(a, b), "{a} and {b}: {:?} and {:?}", looks(a), looks(b));
        }
        for (a, b) in [("Anna", "Hanna"), ("dad", "dád"), ("Alex", "Alexa"), ("a.b", "a_b"), ("Jo Ann", "JoAnn")] {
            assert!(!alike(a, b), "{a} and {b}");
        }
    }
}
