//! The one error of the HTTP surface, the one table of codes, and the one place that maps failures from below to it.
//!
//! An [`ApiError`] becomes a problem document (RFC 9457) in `server/middleware.rs`, where the request id is known. Its text for people says
//! what to do next; the cause goes to the log alone.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

pub type ApiResult<T> = Result<T, ApiError>;

macro_rules! codes {
    ($($name:ident $status:ident $code:literal $title:literal;)*) => {
        /// The values that `code` of a problem can have.
        const CODES: &[&str] = &[$($code),*];

        /// The problems that can occur, by the names that clients act on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($name,)* }

        impl Code {
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
            fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    BadRequest BAD_REQUEST "bad_request" "The request cannot be read";
    Unauthorized UNAUTHORIZED "unauthorized" "Sign in first";
    TotpRequired UNAUTHORIZED "totp_required" "A code from your authenticator is needed";
    InvalidTotp UNAUTHORIZED "invalid_totp" "That code is not (or no longer) valid";
    ContinuationOver UNAUTHORIZED "continuation_over" "Enter your password again";
    InvalidCredentials UNAUTHORIZED "invalid_credentials" "That name and password do not match";
    SuspiciousRequest BAD_REQUEST "suspicious_request" "The request looks like an attack";
    PasswordChangeRequired FORBIDDEN "password_change_required" "Choose a password of your own first";
    InsufficientScope FORBIDDEN "insufficient_scope" "This token does not allow that";
    TotpRefused FORBIDDEN "invalid_totp" "That code is not (or no longer) valid";
    InvalidInvite FORBIDDEN "invalid_invite" "This invitation is not (or no longer) valid";
    CrossSite FORBIDDEN "cross_site" "This request came from another site";
    ViewersOnly FORBIDDEN "viewers_only" "Only viewers can ask to watch";
    HistoryNotShared FORBIDDEN "history_not_shared" "They do not share their history with you";
    ReadOnlyRole FORBIDDEN "read_only_role" "Your account can only watch";
    RegistrationClosed FORBIDDEN "registration_closed" "Registration is closed";
    WrongPassword FORBIDDEN "wrong_password" "That is not your password";
    NotFound NOT_FOUND "not_found" "There is nothing here";
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed" "This address does not support that method";
    RequestTimeout REQUEST_TIMEOUT "request_timeout" "The request did not arrive in time";
    TotpAlreadyOn CONFLICT "totp_already_on" "The second factor is on already";
    TotpNotBegun CONFLICT "totp_not_begun" "There is no second factor to confirm";
    TooManyTokens CONFLICT "too_many_tokens" "You have the maximum number of tokens";
    AskedRecently CONFLICT "asked_recently" "They have answered already";
    SetByConfiguration CONFLICT "set_by_configuration" "The server's configuration decides this";
    OtherAccount CONFLICT "other_account" "Somebody else is signed in";
    OwnAccount CONFLICT "own_account" "This is your own account";
    UsernameTaken CONFLICT "username_taken" "That user name is taken";
    IdConflict CONFLICT "id_conflict" "That id already belongs to another entry";
    ChangedSincePreview CONFLICT "changed_since_preview" "The preview is out of date";
    LastAdmin CONFLICT "last_admin" "The last admin has to stay";
    PayloadTooLarge PAYLOAD_TOO_LARGE "payload_too_large" "The request is too large";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body has to be JSON";
    Invalid UNPROCESSABLE_ENTITY "invalid" "Something in the request is not valid";
    InvalidCursor UNPROCESSABLE_ENTITY "invalid_cursor" "That cursor does not belong to this list";
    Locked LOCKED "locked" "Too many sign-ins failed";
    UnknownHost MISDIRECTED_REQUEST "unknown_host" "This server is not known by that name";
    Penalised TOO_MANY_REQUESTS "penalised" "Too many requests for too long";
    TooManyStreams TOO_MANY_REQUESTS "too_many_streams" "You have too many streams open";
    RateLimited TOO_MANY_REQUESTS "rate_limited" "Too many requests";
    Internal INTERNAL_SERVER_ERROR "internal" "Something went wrong on the server";
    Maintenance SERVICE_UNAVAILABLE "maintenance" "The server is under maintenance";
    Busy SERVICE_UNAVAILABLE "busy" "The server is busy";
    Timeout SERVICE_UNAVAILABLE "timeout" "That took too long";
    ReadOnlyDatabase SERVICE_UNAVAILABLE "read_only" "The server cannot write at the moment";
    StorageFailed SERVICE_UNAVAILABLE "storage_failed" "The server's disk does not work properly";
    DiskFull INSUFFICIENT_STORAGE "disk_full" "The server's disk is full";
}

impl Code {
    /// Whether the server cannot write at all, as opposed to this request being at fault.
    #[must_use]
    pub fn is_of_the_disk(self) -> bool {
        matches!(self, Self::DiskFull | Self::ReadOnlyDatabase | Self::StorageFailed)
    }
}

/// The codes that the proxy in front answers in the server's place.
const CODES_OF_PROXY: &[&str] = &["address_too_long", "headers_too_large", "unavailable"];

/// The codes as the document lists them, so that a client can have words for each.
#[derive(Debug)]
pub struct ProblemCode;

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        let codes: BTreeSet<&str> = CODES.iter().chain(CODES_OF_PROXY).copied().collect();
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.description(Some("The problem, for programs.")).enum_values(Some(codes)).into()
    }
}

impl ToSchema for ProblemCode {}

/// One problem with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name, with a path where it is nested: `tags[3]`. Empty for the body as a whole.
    pub field: String,
    /// The problem, for programs: `range`, `length`, `required`, `type`, `unknown` and so on.
    pub code: Cow<'static, str>,
    /// The problem, for people.
    pub message: Cow<'static, str>,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

/// A problem document, RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` identifies the problem.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "about:blank")]
    kind: &'static str,
    #[schema(example = "Something in the request is not valid")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    #[schema(example = "Look at `errors`, correct the named fields and send it again. Nothing was changed.")]
    detail: Cow<'static, str>,
    #[schema(value_type = ProblemCode, example = "invalid")]
    code: &'static str,
    /// Also in the server's log: give it to the operator of the server.
    #[schema(example = "019a5f0e-7c11-7d5e-9a51-0f6d1c2b3a4d")]
    request_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// Present if a sign-in lacks only a code: send it with the code, in place of the password.
    /// Valid once, within two minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "pQ3xV8bTz0mYk5wJcR2nLgpQ3xV8bTz0mYk5wJcR2nL")]
    continuation: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ApiError {
    pub code: Code,
    detail: Cow<'static, str>,
    errors: Box<[FieldError]>,
    /// For the log, never for the answer.
    pub cause: Option<String>,
    /// The methods a 405 names in `Allow`.
    allow: Option<Box<str>>,
    /// Seconds after which trying again may help.
    retry_after: Option<i64>,
    /// The continuation of a sign-in.
    continuation: Option<SecretString>,
}

impl ApiError {
    /// A problem whose `detail` says what to do next.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Box::default(),
            cause: None,
            allow: None,
            retry_after: None,
            continuation: None,
        }
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    #[must_use]
    pub fn continued_by(mut self, continuation: SecretString) -> Self {
        self.continuation = Some(continuation);
        self
    }

    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal, "Try again. If it happens again, give the request id to the operator of this server.")
            .caused_by(cause)
    }

    #[must_use]
    pub fn busy() -> Self {
        Self::new(Code::Busy, "Nothing was changed. Try again in a moment.")
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Check the address. There is nothing here, or you may not see it.")
    }

    /// The 405 whose `Allow` names `methods`.
    #[must_use]
    pub fn method_not_allowed(methods: &str) -> Self {
        Self { allow: Some(methods.into()), ..Self::new(Code::MethodNotAllowed, format!("Use {methods} here.")) }
    }

    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "Your session has ended or there is none. Sign in and try again.")
    }

    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors: errors.into(),
            ..Self::new(
                Code::Invalid,
                "Look at `errors`, correct the named fields and send it again. Nothing was changed.",
            )
        }
    }

    /// The problem document, with `request_id` in it.
    #[must_use]
    pub fn to_response(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        let default_wait = (self.code.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(2);
        if let Some(seconds) = self.retry_after.or(default_wait) {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        // The rest of the request is not read: it could be anything.
        if matches!(self.code, Code::BadRequest | Code::PayloadTooLarge | Code::RequestTimeout) {
            response.force_close();
        }
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_ref()));
        }
        response.content_type("application/problem+json").body(
            serde_json::to_string(&Problem {
                kind: "about:blank",
                title: self.code.title(),
                status: self.code.status().as_u16(),
                detail: self.detail.clone(),
                code: self.code.as_str(),
                request_id: request_id.to_owned(),
                errors: self.errors.to_vec(),
                continuation: self.continuation.as_ref().map(|text| text.expose_secret().to_owned()),
            })
            .unwrap_or_default(),
        )
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.cause.as_deref().unwrap_or(&self.detail))
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// `server/middleware.rs` writes the body, once the request id is at hand.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::invalid(vec![error])
    }
}

impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        Self::from(&error)
    }
}

impl From<&DieselError> for ApiError {
    /// SQLite's own texts are the only thing Diesel hands on; they are fixed in SQLite's `sqlite3ErrStr`.
    fn from(error: &DieselError) -> Self {
        let text = error.to_string();
        let says = |texts: &[&str]| texts.iter().any(|one| text.contains(one));
        let error = match error {
            DieselError::NotFound => Self::not_found(),
            _ if says(&["database is locked", "database table is locked", "locking protocol", "out of memory"]) => {
                Self::busy()
            }
            _ if says(&["database or disk is full"]) => {
                Self::new(Code::DiskFull, "Nothing was changed. Ask the operator of this server to make room on its disk.")
            }
            _ if says(&["readonly database"]) => {
                Self::new(Code::ReadOnlyDatabase, "Nothing was changed. Reading still works; try again later.")
            }
            _ if says(&["disk I/O error", "unable to open database file", "disk image is malformed", "not a database"]) => {
                Self::new(
                    Code::StorageFailed,
                    "Nothing was changed. Try again later; if it continues, ask the operator of this server to check its disk.",
                )
                .retry_after(30)
            }
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Self::busy(),
            _ => Self::internal(&text),
        };
        error.caused_by(text)
    }
}
