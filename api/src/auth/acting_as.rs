//! A page names the user it asks for: another tab may have signed in as somebody else, and nothing may be done or shown in their name.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::uri::{PathAndQuery, Uri},
    middleware::Next,
    web,
};

use super::guard::recognised_name;
use crate::error::{ApiError, ApiResult, Code};

pub const HEADER: &str = "acting-as";
/// The query parameter that does the same where no header can be sent.
pub const PARAMETER: &str = "acting_as";

/// Refuses a request that is made for anybody but the owner of its credential. Where no owner is known, each route decides.
pub async fn check_acting_as(
    mut req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let said = taken_from(&mut req)?;
    if !said.is_empty()
        && let Some(name) = recognised_name(req.request()).await?
        && said.iter().any(|said| !said.eq_ignore_ascii_case(name.as_str()))
    {
        return Err(other_account().into());
    }
    next.call(req).await
}

/// Takes all names that the request is made for, and removes the parameter from the address, since no route knows it.
fn taken_from(req: &mut ServiceRequest) -> ApiResult<Vec<String>> {
    let headers = req.headers().get_all(HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut said: Vec<String> = headers.collect();
    let is_ours = |pair: &&str| decoded(pair).is_some_and(|(name, _)| name == PARAMETER);
    let (ours, others): (Vec<&str>, Vec<&str>) = req.query_string().split('&').partition(is_ours);
    if ours.is_empty() {
        return Ok(said);
    }
    said.extend(ours.into_iter().filter_map(|pair| Some(decoded(pair)?.1)));
    let address = match others.join("&").as_str() {
        "" => req.uri().path().to_owned(),
        query => format!("{}?{query}", req.uri().path()),
    };
    let mut parts = req.uri().clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(address).map_err(ApiError::internal)?);
    let uri = Uri::from_parts(parts).map_err(ApiError::internal)?;
    req.head_mut().uri = uri;
    Ok(said)
}

fn decoded(pair: &str) -> Option<(String, String)> {
    let web::Query(mut pairs) = web::Query::<Vec<(String, String)>>::from_query(pair).ok()?;
    pairs.pop()
}

/// The same answer whether or not the other account exists.
fn other_account() -> ApiError {
    ApiError::new(
        Code::OtherAccount,
        "Nothing was changed. Somebody else has signed in here since: load the page again, or sign in again.",
    )
}
