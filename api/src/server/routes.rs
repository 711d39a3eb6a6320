//! Every route there is.

use utoipa_actix_web::{scope::scope, service_config::ServiceConfig};

use crate::{
    account::privacy_policy,
    audit::handlers as audit_log,
    auth::{api_tokens::handlers as api_tokens, handlers as sign_out, sessions, sign_in, totp},
    entries::{
        bulk::{recompute, rewind},
        deleted, handlers as entry,
        versions::handlers as versions,
    },
    events::handlers as streams,
    limits::handlers as security,
    ops::{care, handlers as instance, health},
    people::{handlers as people, history, shares::handlers as shares},
    start,
    users::{admin::handlers as accounts, handlers as me, invites::handlers as invites, registration},
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(health::get_health).service(health::get_liveness).service(health::get_readiness).service(
        scope("/api/v1")
            .configure(auth_routes)
            .configure(users_routes)
            .configure(people_routes)
            .configure(events_routes)
            .configure(entries_routes)
            .configure(audit_routes)
            .configure(ops_routes)
            .configure(limits_routes),
    );
}

fn auth_routes(config: &mut ServiceConfig) {
    config
        .service(sign_in::create_session)
        .service(sign_in::create_token)
        .service(sign_out::delete_current_session)
        .service(sessions::list_sessions)
        .service(sessions::delete_session)
        .service(sessions::delete_other_sessions)
        .service(sessions::update_password)
        .service(totp::get_totp)
        .service(totp::create_totp)
        .service(totp::confirm_totp)
        .service(totp::delete_totp)
        .service(api_tokens::list_api_tokens)
        .service(api_tokens::create_api_token)
        .service(api_tokens::delete_api_token);
}

fn users_routes(config: &mut ServiceConfig) {
    config
        .service(me::get_me)
        .service(me::update_me)
        .service(me::delete_me)
        .service(privacy_policy::get_privacy_policy)
        .service(registration::register_user)
        .service(accounts::list_users)
        .service(accounts::create_user)
        .service(accounts::get_user)
        .service(accounts::update_user)
        .service(accounts::delete_user)
        .service(accounts::unlock_user)
        .service(accounts::reset_user_password)
        .service(accounts::list_user_sessions)
        .service(accounts::delete_user_sessions)
        .service(accounts::delete_user_totp)
        .service(invites::list_invites)
        .service(invites::create_invite)
        .service(invites::delete_invite);
}

fn people_routes(config: &mut ServiceConfig) {
    config
        .service(start::get_start)
        .service(people::list_people)
        .service(people::get_status)
        .service(shares::create_share_request)
        .service(shares::list_shares)
        .service(shares::get_share)
        .service(shares::update_share)
        .service(shares::delete_share)
        .service(shares::list_audience);
}

fn events_routes(config: &mut ServiceConfig) {
    config.service(streams::get_person_events).service(streams::get_people_events);
}

fn entries_routes(config: &mut ServiceConfig) {
    config
        .service(entry::create_entry)
        // Registered before `/entries/{id}`, which would match `deleted`.
        .service(deleted::list_deleted_entries)
        .service(entry::get_entry)
        .service(entry::update_entry)
        .service(entry::delete_entry)
        .service(entry::restore_entry)
        .service(versions::list_versions)
        .service(versions::restore_version)
        .service(rewind::rewind_entries)
        .service(recompute::recompute_entries)
        .service(history::list_entries);
}

fn audit_routes(config: &mut ServiceConfig) {
    config.service(audit_log::list_audit).service(audit_log::export_audit);
}

fn ops_routes(config: &mut ServiceConfig) {
    config.service(instance::get_instance).service(instance::get_settings).service(instance::update_settings);
    config.service(care::get_database).service(care::check_database).service(care::optimize_database);
}

fn limits_routes(config: &mut ServiceConfig) {
    config.service(security::get_security).service(security::delete_penalty).service(security::create_csp_report);
}
