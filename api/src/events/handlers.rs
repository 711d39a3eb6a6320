//! Endpoints of the streams: events of one person, and of all who may be watched.

use actix_web::{HttpRequest, HttpResponse, get, http::header, web};

use super::{
    hub::Streams,
    send_buffer::SendBuffer,
    socket::{Body, Listening},
    subscription::{Subject, Subscription},
};
use crate::{
    account::username::Username,
    auth::guard::{CurrentUser, Reader},
    error::ApiResult,
    http::state::AppState,
    people::sharing::Watched,
};

/// Follow a person live, as far as they share it with you.
///
/// The stream begins with the events you missed since `Last-Event-ID`, or a `status`; changes
/// follow. Each event has an `id`.
///
/// - `status`: their status, as in `GET /people/{username}/status`, whenever it differs from the
///   last one you got.
/// - `entry`: an entry that was logged, changed, deleted or restored, as `{id, deleted, entry}`, if
///   you see their history; `entry` is as in the history, and `null` if it was deleted.
/// - `reset`: your data may be out of date; load it again.
/// - `share` and `me`, on your own stream: one viewer's share, as in `GET /me/shares/{username}`;
///   your account, as in `GET /me`.
/// - `revoked`: the last event, with a `reason`: `session` or `share`.
///
/// A comment line (`: 1772366400000`) comes with each event and at least every 15 seconds: the
/// server's time, in milliseconds since 1970.
#[utoipa::path(
    tag = "events",
    params(
        ("username" = String, Path, description = "The person", example = "robin"),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that you got"),
    ),
    responses(
        (status = 200, description = "Events, until either side ends the stream", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No such person, or you may not see them"),
        (status = 429, description = "Too many requests, or too many streams of yours are open"),
        (status = 503, description = "Too many streams are open"),
    )
)]
#[get("/people/{username}/events")]
pub async fn get_person_events(
    state: web::Data<AppState>,
    streams: web::Data<Streams>,
    reader: Reader,
    username: web::Path<Username>,
    req: HttpRequest,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let watched = reader.0.read(&state.db, |conn, user| Watched::find(conn, user, &username, now)).await?;
    open(&streams, reader.0, Subject::Person(watched.person.as_person()), &req)
}

/// Follow the list of people live.
///
/// The event `people` has the answer of `GET /people?limit=100`: at first, and whenever it changes,
/// at most once a second. `revoked` is the last event. A comment line (`: 1772366400000`) comes
/// with each event and at least every 15 seconds: the server's time, in milliseconds since 1970.
#[utoipa::path(
    tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that you got")),
    responses(
        (status = 200, description = "Events, until either side ends the stream", body = String, content_type = "text/event-stream"),
        (status = 429, description = "Too many requests, or too many streams of yours are open"),
        (status = 503, description = "Too many streams are open"),
    )
)]
#[get("/me/events")]
pub async fn get_people_events(
    streams: web::Data<Streams>,
    reader: Reader,
    req: HttpRequest,
) -> ApiResult<HttpResponse> {
    open(&streams, reader.0, Subject::People, &req)
}

fn open(
    streams: &web::Data<Streams>,
    reader: CurrentUser,
    subject: Subject,
    req: &HttpRequest,
) -> ApiResult<HttpResponse> {
    let slot = streams.slot(&reader.user.id)?;
    let buffer = SendBuffer::new();
    let last_event_id = req.headers().get("last-event-id").filter(|id| !id.is_empty());
    let subscription = Subscription {
        subject,
        may_read_account: !reader.is_limited(),
        reader_id: reader.user.as_viewer(),
        session_id: reader.session_id,
        context: reader.context,
        last_event_id: last_event_id.map(|id| id.to_str().unwrap_or_default().to_owned()),
        buffer: buffer.clone(),
    };
    let listening = Listening { streams: streams.clone(), buffer, slot };
    let body = Body::new(req, subscription, listening)?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        // Nothing else will come over this connection, so that it need not be waited for at a stop.
        .force_close()
        .body(body))
}
