//! Tiers: which requests count together, and their names.

use actix_web::http::Method;

/// The requests that count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    General,
    /// Signing in.
    Auth,
    Registration,
    Admin,
    /// Somebody's own entries: logging, changing, deleting and restoring them. As many as in general, and apart from them, so that
    /// neither reading nor logging uses up what the other needs.
    Log,
    /// Answers that say no more than "unchanged" (304). They count here in place of [`Tier::General`].
    Unchanged,
}

impl Tier {
    pub const ALL: [Self; 6] = [Self::General, Self::Auth, Self::Registration, Self::Admin, Self::Log, Self::Unchanged];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Auth => "auth",
            Self::Registration => "registration",
            Self::Admin => "admin",
            Self::Log => "log",
            Self::Unchanged => "unchanged",
        }
    }

    /// The tier of a request; none for health and documentation, which monitors and machines ask often, and for reports of the policy, which
    /// a browser sends by itself: a person whose page was refused something has asked for nothing. [`super::SecurityLog`] bounds those.
    #[must_use]
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        match path.strip_prefix("/api/v1/")? {
            "auth/login" | "auth/token" => Some(Self::Auth),
            "auth/register" => Some(Self::Registration),
            "csp-reports" if method == Method::POST => None,
            path if path.starts_with("admin/") => Some(Self::Admin),
            path if is_logging(method, path) => Some(Self::Log),
            _ => Some(Self::General),
        }
    }

    /// Whether it lets in somebody who is not yet known: it counts for an address, and no penalty of that address blocks it.
    #[must_use]
    pub fn lets_in(self) -> bool {
        matches!(self, Self::Auth | Self::Registration)
    }
}

fn is_logging(method: &Method, path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    matches!(
        (method.as_str(), segments.as_slice()),
        ("POST", ["entries"] | ["entries", _, "restore"] | ["entries", _, "versions", _, "restore"])
            | ("PATCH" | "DELETE", ["entries", _])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_one_own_entry_counts_as_logging_and_nothing_else_does() {
        let tier = |method: &str, path: &str| Tier::of(&method.parse().unwrap(), &format!("/api/v1/{path}"));
        for (method, path) in [
            ("POST", "entries"),
            ("PATCH", "entries/7"),
            ("DELETE", "entries/7"),
            ("POST", "entries/7/restore"),
            ("POST", "entries/7/versions/2/restore"),
        ] {
            assert_eq!(tier(method, path), Some(Tier::Log), "{method} {path}");
        }
        for (method, path) in [
            ("GET", "entries/7"),
            ("GET", "entries/7/versions"),
            ("GET", "entries/deleted"),
            ("POST", "entries/rewind"),
            ("POST", "entries/recompute"),
            ("GET", "entries"),
            ("PATCH", "me"),
            ("DELETE", "me"),
            ("POST", "people/entries/restore"),
        ] {
            assert_eq!(tier(method, path), Some(Tier::General), "{method} {path}");
        }
        assert_eq!(Tier::of(&Method::GET, "/health"), None);
        assert_eq!((tier("POST", "csp-reports"), tier("GET", "csp-reports")), (None, Some(Tier::General)));
    }
}
