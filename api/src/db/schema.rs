//! Tables as Diesel knows them; a test compares them with the migrations.

// @generated automatically by Diesel CLI.

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Nullable<Text>,
        action -> Text,
        target -> Nullable<Text>,
        outcome -> Text,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        detail -> Nullable<Text>,
        hash -> Text,
    }
}

diesel::table! {
    audit_anchors (id) {
        id -> BigInt,
        hash -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    audit_head (id) {
        id -> SmallInt,
        last -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    database_care (task) {
        task -> Text,
        at -> BigInt,
        finding -> Nullable<Text>,
    }
}

diesel::table! {
    entries (user_id, id) {
        user_id -> Text,
        id -> Text,
        metric -> Text,
        value -> Integer,
        at -> BigInt,
        day -> Text,
        note -> Nullable<Text>,
        tags -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        fl_oz_tenths -> Nullable<Integer>,
    }
}

diesel::table! {
    entry_versions (user_id, entry_id, number) {
        user_id -> Text,
        entry_id -> Text,
        number -> Integer,
        value -> Integer,
        at -> BigInt,
        day -> Text,
        note -> Nullable<Text>,
        tags -> Text,
        deleted_at -> Nullable<BigInt>,
        valid_from -> BigInt,
        replaced_at -> BigInt,
        replaced_by -> Text,
        fl_oz_tenths -> Nullable<Integer>,
    }
}

diesel::table! {
    invites (id) {
        id -> Text,
        code_hash -> Text,
        role -> Text,
        expires_at -> BigInt,
        max_uses -> Integer,
        uses -> Integer,
        created_by -> Text,
        created_at -> BigInt,
        water -> Nullable<Text>,
        altitude -> Nullable<Text>,
        history -> SmallInt,
        export -> SmallInt,
        until -> Nullable<BigInt>,
    }
}

diesel::table! {
    looks (person_id, viewer_id) {
        person_id -> Text,
        viewer_id -> Text,
        last_at -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        person_id -> Text,
        at -> BigInt,
        topic -> Text,
        level -> SmallInt,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    outbox_head (id) {
        id -> SmallInt,
        last -> BigInt,
        pruned -> BigInt,
    }
}

diesel::table! {
    penalties (id) {
        id -> Text,
        caller -> Text,
        level -> Integer,
        until -> BigInt,
        imposed_at -> BigInt,
        reason -> Text,
    }
}

diesel::table! {
    probes (id) {
        id -> Integer,
        filling -> Text,
    }
}

diesel::table! {
    processes (id) {
        id -> Text,
        seen_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, hash) {
        user_id -> Text,
        hash -> Text,
    }
}

diesel::table! {
    schema_floor (id) {
        id -> SmallInt,
        migration -> Text,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Text,
        secret -> Text,
        confirmed_at -> Nullable<BigInt>,
        last_step -> BigInt,
    }
}

diesel::table! {
    security_events (id) {
        id -> Text,
        at -> BigInt,
        kind -> Text,
        address -> Nullable<Text>,
        username -> Nullable<Text>,
        detail -> Text,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
        last_seen_at -> BigInt,
        name -> Nullable<Text>,
        scopes -> Nullable<Text>,
        secret_hash -> Nullable<Text>,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    shares (person_id, viewer_id) {
        person_id -> Text,
        viewer_id -> Text,
        state -> Text,
        water -> Text,
        altitude -> Text,
        history -> SmallInt,
        export -> SmallInt,
        until -> Nullable<BigInt>,
        requested_at -> Nullable<BigInt>,
        since -> BigInt,
        kept_out -> SmallInt,
    }
}

diesel::table! {
    sign_in_attempts (id) {
        id -> Text,
        username -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    sign_in_continuations (hash) {
        hash -> Text,
        user_id -> Text,
        network -> Text,
        password_digest -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_failures (username) {
        username -> Text,
        failures -> Integer,
        last_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        display_name -> Text,
        role -> Text,
        disabled -> SmallInt,
        password_hash -> Text,
        privacy_policy_version -> Nullable<Text>,
        privacy_policy_accepted_at -> Nullable<BigInt>,
        time_zone -> Text,
        day_starts_at -> SmallInt,
        unit -> Text,
        daily_goal_ml -> Integer,
        water_presets_ml -> Text,
        last_login_at -> Nullable<BigInt>,
        created_at -> BigInt,
        temporary_password_until -> Nullable<BigInt>,
        sharing -> Text,
        ageing_after_hours -> SmallInt,
        stale_after_hours -> SmallInt,
        time_zone_set -> SmallInt,
    }
}

diesel::table! {
    watchers (person_id, viewer_id, process_id) {
        person_id -> Text,
        viewer_id -> Text,
        process_id -> Text,
        since -> BigInt,
    }
}

diesel::joinable!(entries -> users (user_id));
diesel::joinable!(invites -> users (created_by));
diesel::joinable!(outbox -> users (person_id));
diesel::joinable!(recovery_codes -> users (user_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sign_in_continuations -> users (user_id));
diesel::joinable!(watchers -> processes (process_id));

diesel::allow_tables_to_appear_in_same_query!(
    audit,
    audit_anchors,
    audit_head,
    database_care,
    entries,
    entry_versions,
    invites,
    looks,
    outbox,
    outbox_head,
    penalties,
    probes,
    processes,
    recovery_codes,
    schema_floor,
    second_factors,
    security_events,
    sessions,
    settings,
    shares,
    sign_in_attempts,
    sign_in_continuations,
    sign_in_failures,
    users,
    watchers,
);
