//! The service that recognises people and lets them in.

use super::{
    api_tokens::ApiTokens, attempt::Turns, jwt::JwtKeys, last_seen::LastSeen, password::PasswordHasher,
    second_factor::SecondFactors,
};
use crate::config::Config;

/// One for the whole process.
#[derive(Debug)]
pub struct Auth {
    pub passwords: PasswordHasher,
    pub turns: Turns,
    pub jwt: JwtKeys,
    pub api_tokens: ApiTokens,
    pub second_factors: SecondFactors,
    pub last_seen: LastSeen,
}

impl Auth {
    /// # Errors
    /// If the hash cost is not one bcrypt takes.
    pub fn new(config: &Config) -> Result<Self, String> {
        Ok(Self {
            passwords: PasswordHasher::new(config)?,
            turns: Turns::default(),
            jwt: JwtKeys::new(&config.jwt_secret, config.jwt_secret_previous.as_ref()),
            api_tokens: ApiTokens::new(&config.password_pepper),
            second_factors: SecondFactors::new(&config.password_pepper),
            last_seen: LastSeen::default(),
        })
    }
}
