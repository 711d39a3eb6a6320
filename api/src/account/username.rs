//! User names, and the rules for them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use validator::ValidationError;

use crate::id::id;

/// Endings of other products' addresses. Many servers stand behind something that takes a request for one of them for an attack.
const TAKEN_FOR_ATTACKS: [&str; 7] = [".php", ".asp", ".aspx", ".jsp", ".cgi", ".sql", ".bak"];

id! {
    /// The name of a user as it is stored: in lower case.
    Username(String)
}

impl Username {
    /// A name as somebody typed it, in upper or lower case.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::typed(&text))
    }
}

/// A user name that nobody has yet.
///
/// # Errors
/// The message says which characters a user name may hold, or that it is taken for an attack.
pub fn validate_new_username(username: &str) -> Result<(), ValidationError> {
    validate_username(username)?;
    let name = username.to_ascii_lowercase();
    if name.starts_with("wp-") || TAKEN_FOR_ATTACKS.iter().any(|end| name.ends_with(end)) {
        let message = format!(
            "has to begin otherwise than with wp-, and to end otherwise than in {}",
            TAKEN_FOR_ATTACKS.join(" ")
        );
        return Err(ValidationError::new("username").with_message(Cow::Owned(message)));
    }
    Ok(())
}

/// 3 to 32 letters, digits, `.`, `_` or `-`, beginning with a letter or digit: it stands in addresses and file names.
///
/// # Errors
/// The message says which characters a user name may hold.
pub fn validate_username(username: &str) -> Result<(), ValidationError> {
    let fits = (3..=32).contains(&username.len())
        && username.starts_with(|c: char| c.is_ascii_alphanumeric())
        && username.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if fits {
        return Ok(());
    }
    Err(ValidationError::new("username").with_message(Cow::Borrowed(
        "has to be 3 to 32 letters, digits, dots, underscores or hyphens, and begin with a letter or digit",
    )))
}
