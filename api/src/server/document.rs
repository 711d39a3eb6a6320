//! Parts of the OpenAPI document that no handler states: about the whole, and the answers of every operation of a kind.

use actix_web::{
    App, Error, HttpResponse,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::header,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Content, ObjectBuilder, Ref, RefOr, Required, Response, Type,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt;

use super::routes::routes;
use crate::error::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Personal Status Tracker",
        description = "One person logs water and mood; the people they trust watch it live.\n\nSign in with `POST /api/v1/auth/login` for a \
                       cookie (as the page does; here *Try it out* then works at once), or with `POST /api/v1/auth/token` for a \
                       token, which goes into *Authorize*.\n\nErrors are problem documents (RFC 9457); `code` identifies the problem.",
        license(name = "GPL-3.0-or-later", identifier = "GPL-3.0-or-later"),
    ),
    servers((url = "/")),
    security(("bearer" = []), ("cookie" = [])),
    components(schemas(Problem)),
    modifiers(&SecuritySchemes),
    tags(
        (name = "auth", description = "Sign in, sign out"),
        (name = "users", description = "Your account; registering, inviting and managing users"),
        (name = "people", description = "The people you may watch"),
        (name = "events", description = "Changes, as they happen"),
        (name = "entries", description = "Logging, and the history"),
        (name = "limits", description = "Callers who were kept out, and why"),
        (name = "audit", description = "Actions on this server"),
        (name = "ops", description = "Health of the server, and its settings"),
    ),
)]
struct ApiDoc;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            "session",
            "`__Host-session` if the server is reached over TLS",
        ));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// The header that every operation under `/api/v1` takes, put into each: [`crate::auth::acting_as`].
fn acting_as() -> Parameter {
    ParameterBuilder::new()
        .name("Acting-As")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The user name that this request is made for, in any case. If the credential is another user's, the answer is 409 \
             `other_account`, the same for names that do not exist, and nothing is done. If no header can be sent, `?acting_as=` does the \
             same.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// An application with all routes and nothing else, and the document that describes them.
pub(super) fn described_app() -> (
    App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>,
    >,
    openapi::OpenApi,
) {
    let (app, document) = App::new().into_utoipa_app().openapi(base()).configure(routes).split_for_parts();
    (app, complete(document))
}

/// The OpenAPI document of all rooms.
#[must_use]
pub fn document() -> openapi::OpenApi {
    described_app().1
}

pub(super) fn response(json: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(json)
}

/// The document without its operations.
fn base() -> openapi::OpenApi {
    ApiDoc::openapi()
}

/// Writes what every operation of a kind takes and refuses into each that does not describe it itself.
fn complete(mut document: openapi::OpenApi) -> openapi::OpenApi {
    for (path, item) in &mut document.paths.paths {
        let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        writes.into_iter().flatten().for_each(|operation| describe(operation, path, true));
        item.get.iter_mut().for_each(|operation| describe(operation, path, false));
    }
    document
}

/// Paths of a caller's own entries and shares: a viewer has neither.
const FOR_OWNERS: [&str; 3] = ["/api/v1/entries", "/api/v1/me/shares", "/api/v1/me/audience"];

fn describe(operation: &mut Operation, path: &str, writes: bool) {
    let limited = path.starts_with("/api/v1/");
    let for_admins = path.starts_with("/api/v1/admin/");
    let for_owners = FOR_OWNERS.iter().any(|start| path.starts_with(start));
    let body = operation.request_body.is_some();
    let in_query = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query);
    let query = operation.parameters.iter().flatten().any(in_query);
    // An operation that anybody may call says so; for all others the document's own requirement holds.
    let signed_in = operation.security.is_none();
    let refusals = [
        (body, "400", "The body is not JSON"),
        (true, "400", "The address looks like an attack"),
        (signed_in, "401", "Not signed in, or the credential is not (or no longer) valid"),
        (limited, "409", "The credential belongs to another user than `Acting-As` says"),
        (for_admins, "403", "Not an admin, or the request came from another site"),
        (for_owners && writes, "403", "Your account can only watch, or the request came from another site"),
        (for_owners, "403", "Your account can only watch"),
        (signed_in && writes, "403", "The request came from another site"),
        (body, "413", "The body is too large"),
        (body, "415", "The content type is not JSON"),
        (body || query, "422", "A field or parameter does not fit; see `errors`"),
        (limited, "429", "Too many requests; `Retry-After` says when the next one is accepted"),
        (limited && !writes, "503", "Busy, or the disk fails; `Retry-After` says when to try again"),
        (limited && writes, "503", "Under maintenance, busy, or the disk fails; `Retry-After` says when to try again"),
        (limited && writes, "507", "The disk is full; nothing was changed"),
    ];
    let responses = &mut operation.responses.responses;
    for (_, status, description) in refusals.into_iter().filter(|(applies, ..)| *applies) {
        responses.entry(status.to_owned()).or_insert_with(|| Response::new(description).into());
    }
    for (status, response) in responses {
        if let (RefOr::T(response), "4" | "5") = (response, &status[..1])
            && response.content.is_empty()
        {
            response.content.insert("application/problem+json".to_owned(), problem().into());
        }
    }
    if limited {
        operation.parameters.get_or_insert_default().push(acting_as().into());
    }
}

/// The body of every refusal that names no other.
fn problem() -> Content {
    Content::new(Some(Ref::from_schema_name("Problem")))
}
