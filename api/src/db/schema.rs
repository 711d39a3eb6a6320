// @generated automatically by Diesel CLI.

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
    }
}

diesel::joinable!(entries -> users (user_id));
diesel::joinable!(sessions -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(entries, sessions, sign_in_failures, users,);
