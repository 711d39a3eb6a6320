//! Switching the second factor on and off.

use actix_web::{HttpResponse, delete, get, post, web};
use qrcode::{QrCode, render::svg};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    attempt::{Attempt, confirm_password},
    guard::CurrentUser,
    second_factor::{self, RECOVERY_CODES, RecoveryCode, Secret, authenticator, readable},
    service::Auth,
};
use crate::{
    error::{ApiError, ApiResult, Code},
    http::{extract::ValidJson, state::AppState},
    trail::{Action, AuditEvent},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Totp {
    /// Whether signing in asks for a code.
    enabled: bool,
    #[schema(minimum = 0, maximum = 10, example = 10)]
    recovery_codes_left: i64,
}

/// Read whether your second factor is on.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 200, description = "Your second factor", body = Totp),
    )
)]
#[get("/me/totp")]
pub async fn get_totp(state: web::Data<AppState>, current: CurrentUser) -> ApiResult<web::Json<Totp>> {
    let (enabled, recovery_codes_left) =
        current.read(&state.db, |conn, user| Ok(second_factor::status(conn, &user.id)?)).await?;
    Ok(web::Json(Totp { enabled, recovery_codes_left }))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTotp {
    /// Your password, so that nobody does this on a device you left open.
    #[schema(value_type = String, format = Password, example = "Quiet-Harbour-71-lanterns")]
    password: SecretString,
}

/// The secret for the authenticator, in three forms. Shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpSetup {
    /// For typing, if scanning does not work.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    #[schema(
        example = "otpauth://totp/status.example.org:robin?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=status.example.org"
    )]
    otpauth_uri: String,
    /// The address as a QR code.
    #[schema(example = "<?xml version=\"1.0\" standalone=\"yes\"?><svg ...")]
    qr_svg: String,
}

/// Begin setting up the second factor.
///
/// Give the secret to an authenticator app. Nothing changes until you confirm it with a code.
#[utoipa::path(
    tag = "auth",
    request_body = CreateTotp,
    responses(
        (status = 201, description = "Ready to be confirmed", body = TotpSetup),
        (status = 403, description = "Wrong password, or the request came from another site"),
        (status = 409, description = "It is on already"),
        (status = 423, description = "Too many wrong passwords"),
    )
)]
#[post("/me/totp")]
pub async fn create_totp(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    current: CurrentUser,
    body: ValidJson<CreateTotp>,
) -> ApiResult<HttpResponse> {
    confirm_password(&state, &auth, &current, &body.0.password, Action::TotpEnable).await?;
    let user = current.user.clone();
    let secret: Secret = rand::random();
    let encrypted = auth.second_factors.encrypt(&user.id, &secret, rand::random())?;
    let totp = authenticator(&secret, issuer(&state.config.public_url), &user.username)?;
    current.write(&state.db, move |conn, _| second_factor::begin(conn, &user.id, &encrypted)).await?;
    let otpauth_uri = totp.to_url().map_err(ApiError::internal)?;
    let qr = QrCode::new(&otpauth_uri).map_err(ApiError::internal)?;
    Ok(HttpResponse::Created().json(TotpSetup {
        secret: totp.secret().to_base32(),
        qr_svg: qr.render::<svg::Color>().min_dimensions(240, 240).build(),
        otpauth_uri,
    }))
}

/// The name under which the app lists it: the host, unless that is an IPv6 address, whose colons the format does not allow.
fn issuer(public_url: &str) -> &str {
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    host.split(['/', ':']).next().filter(|host| !host.is_empty() && !host.starts_with('[')).unwrap_or("Status")
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmTotp {
    /// The six digits that the authenticator shows now.
    #[schema(value_type = String, example = "492039")]
    code: SecretString,
}

/// Shown once. Each one signs you in once in place of a code, if the device is lost.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    #[schema(min_items = 10, max_items = 10, example = json!(["3h7k-9wqm-x2td-c5vn"]))]
    recovery_codes: Vec<String>,
}

/// Switch the second factor on.
///
/// From now on signing in asks for a code. Do not keep the recovery codes on the same device.
#[utoipa::path(
    tag = "auth",
    request_body = ConfirmTotp,
    responses(
        (status = 200, description = "On; the recovery codes are not shown again", body = RecoveryCodes),
        (status = 403, description = "Not the code that the authenticator shows, or the request came from another site"),
        (status = 409, description = "There is nothing to confirm"),
        (status = 423, description = "Too many wrong codes or passwords"),
    )
)]
#[post("/me/totp/confirm")]
pub async fn confirm_totp(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    current: CurrentUser,
    body: ValidJson<ConfirmTotp>,
) -> ApiResult<web::Json<RecoveryCodes>> {
    let user = current.user.clone();
    let of = (Action::TotpEnable, current.context.clone());
    let attempt = Attempt::count(&state, &auth, of, user.username.clone(), None).await?;
    let recovery_codes: Vec<String> = (0..RECOVERY_CODES).map(|_| readable(rand::random::<RecoveryCode>())).collect();
    let (keys, code, kept) = (auth.second_factors.clone(), body.0.code, recovery_codes.clone());
    let settling = attempt.clone();
    let settled = current
        .write(&state.db, move |conn, context| {
            let confirmed = second_factor::confirm(conn, &keys, &user.id, code.expose_secret(), &kept, context.at)?;
            if confirmed {
                // The code proves nothing about the password.
                settling.take_back(conn)?;
                context.record(conn, &AuditEvent::new(Action::TotpEnable).on(&user.username))?;
            } else {
                settling.fail(conn, Some("code wrong"))?;
            }
            Ok(confirmed)
        })
        .await;
    if settled.is_err() {
        let unseen = attempt.clone();
        state.db.write(move |conn| unseen.take_back(conn)).await?;
    }
    auth.turns.settled();
    if settled? {
        return Ok(web::Json(RecoveryCodes { recovery_codes }));
    }
    Err(ApiError::new(
        Code::TotpRefused,
        "Nothing was changed. Enter the code that the authenticator shows now, and check the clock of its device.",
    ))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteTotp {
    /// Your password, so that nobody does this on a device you left open.
    #[schema(value_type = String, format = Password, example = "Quiet-Harbour-71-lanterns")]
    password: SecretString,
}

/// Switch the second factor off.
///
/// The recovery codes go with it.
#[utoipa::path(
    tag = "auth",
    request_body = DeleteTotp,
    responses(
        (status = 204, description = "Off"),
        (status = 403, description = "Wrong password, or the request came from another site"),
        (status = 404, description = "It is not on"),
        (status = 423, description = "Too many wrong passwords"),
    )
)]
#[delete("/me/totp")]
pub async fn delete_totp(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    current: CurrentUser,
    body: ValidJson<DeleteTotp>,
) -> ApiResult<HttpResponse> {
    confirm_password(&state, &auth, &current, &body.0.password, Action::TotpDisable).await?;
    let user = current.user.clone();
    current
        .write(&state.db, move |conn, context| {
            if !second_factor::remove(conn, &user.id)? {
                return Err(ApiError::not_found());
            }
            Ok(context.record(conn, &AuditEvent::new(Action::TotpDisable).on(&user.username))?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::issuer;

    #[test]
    fn the_issuer_is_the_host() {
        assert_eq!(issuer("https://status.example.org"), "status.example.org");
        assert_eq!(issuer("http://localhost:8080"), "localhost");
        assert_eq!(issuer("http://192.0.2.7:8080/status"), "192.0.2.7");
        assert_eq!(issuer("http://[2001:db8::1]:8080"), "Status");
    }
}
