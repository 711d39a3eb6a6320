//! API tokens: a named, scoped, ending key for a script or a shortcut.

pub mod handlers;
mod key;

pub use key::{ApiTokens, Scope, Scopes, hash};
