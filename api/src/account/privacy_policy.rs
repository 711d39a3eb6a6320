//! The privacy policy that everybody who registers accepts, by version.

use actix_web::{HttpResponse, get, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::FieldError;

/// Changes whenever the text does, so that what was accepted stays known.
pub const VERSION: &str = "2026-11-25.2";
const DATE: &str = "2026-11-25";
const TEXT: &str = include_str!("privacy-policy.txt");

#[derive(Debug, Serialize, ToSchema)]
pub struct PrivacyPolicy {
    #[schema(example = "2026-11-25.2")]
    version: &'static str,
    /// The day on which it takes effect.
    #[schema(format = Date, example = "2026-11-25")]
    date: &'static str,
    /// Plain text. A line that begins with `# ` is a heading, one that begins with `- ` a list
    /// item.
    #[schema(example = "# What this server keeps\n\n- Your user name ...")]
    text: &'static str,
}

/// Read the privacy policy.
#[utoipa::path(tag = "users", security(()), responses((status = 200, description = "The policy in force", body = PrivacyPolicy)))]
#[get("/privacy-policy")]
pub async fn get_privacy_policy() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(PrivacyPolicy {
        version: VERSION,
        date: DATE,
        text: TEXT,
    })
}

#[must_use]
pub fn not_current() -> FieldError {
    FieldError::new(
        "privacy_policy_version",
        "version",
        format!("has to be {VERSION}, the version in force; read it and accept it"),
    )
}
