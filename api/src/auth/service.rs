//! The service that recognises people and lets them in.

use super::{
    api_tokens::ApiTokens, attempt::Turns, password::PasswordHasher, second_factor::SecondFactors, seen::Seen,
    token::Tokens,
};
use crate::config::Config;

/// One for the whole process.
#[derive(Debug)]
pub struct Auth {
    pub passwords: PasswordHasher,
    pub turns: Turns,
    pub jwt: Tokens,
    pub api_tokens: ApiTokens,
    pub second_factors: SecondFactors,
    pub seen: Seen,
}

impl Auth {
    /// # Errors
    /// If the hash cost is not one bcrypt takes.
    pub fn new(config: &Config) -> Result<Self, String> {
        Ok(Self {
            passwords: PasswordHasher::new(config)?,
            turns: Turns::default(),
            jwt: Tokens::new(&config.jwt_secret, config.jwt_secret_previous.as_ref()),
            api_tokens: ApiTokens::new(&config.password_pepper),
            second_factors: SecondFactors::new(&config.password_pepper),
            seen: Seen::default(),
        })
    }
}
