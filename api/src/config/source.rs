//! The text of each setting and its conversion to a value: an error names the setting, the problem and an example.

use std::{collections::BTreeMap, fmt::Display, fs, ops::RangeInclusive, path::Path, str::FromStr};

use secrecy::SecretString;

use super::{
    KEYS, SECRETS,
    secrets::{SECRET_BYTES, development_secret, weakness},
};

pub(super) fn bad(name: &str, problem: &str, example: &str) -> String {
    format!("{name} {problem}. Example: {name}={example}")
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let problem = |cause: &dyn Display| format!("The configuration file {} cannot be read: {cause}", path.display());
    let text = fs::read_to_string(path).map_err(|cause| problem(&cause))?;
    let table: toml::Table = text.parse().map_err(|cause: toml::de::Error| problem(&cause.message()))?;
    table
        .into_iter()
        .map(|(name, value)| {
            let known = KEYS.contains(&name.as_str())
                || name.strip_suffix("_FILE").is_some_and(|secret| SECRETS.contains(&secret));
            if !known {
                return Err(problem(&format!("`{name}` is not a setting")));
            }
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                _ => return Err(problem(&format!("`{name}` is neither text nor a number"))),
            };
            Ok((name, text))
        })
        .collect()
}

/// The part of an address of the web behind its scheme; `None` of any other text.
pub(super) fn without_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))
}

/// The environment, and the file for settings that it lacks.
pub(super) struct Source {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
}

impl Source {
    pub(super) fn read(environment: BTreeMap<String, String>, file: Option<&Path>) -> Result<Self, String> {
        Ok(Self { environment, file: file.map(read_file).transpose()?.unwrap_or_default() })
    }

    /// An empty value counts as absent: that is how compose files and systemd units say "not set".
    fn get(&self, name: &str) -> Option<&str> {
        [&self.environment, &self.file]
            .into_iter()
            .find_map(|layer| layer.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()))
    }

    pub(super) fn text(&self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or(default).to_owned()
    }

    pub(super) fn parse<T: FromStr>(&self, name: &str, default: &str, problem: &str) -> Result<T, String> {
        let value = self.get(name).unwrap_or(default);
        value.parse().map_err(|_| bad(name, &format!("is `{value}`, which {problem}"), default))
    }

    pub(super) fn number<T>(&self, name: &str, default: T, range: RangeInclusive<T>) -> Result<T, String>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let problem = format!("is not a whole number from {} to {}", range.start(), range.end());
        let value = self.parse(name, &default.to_string(), &problem)?;
        if range.contains(&value) {
            Ok(value)
        } else {
            Err(bad(name, &format!("is `{value}`, which {problem}"), &default.to_string()))
        }
    }

    pub(super) fn choice<T: Copy>(&self, name: &str, default: &str, choices: &[(&str, T)]) -> Result<T, String> {
        let value = self.get(name).unwrap_or(default);
        choices.iter().find(|(choice, _)| *choice == value).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            bad(name, &format!("is `{value}`, which is not one of {}", names.join(", ")), default)
        })
    }

    pub(super) fn list<T: FromStr>(&self, name: &str, default: &str, problem: &str) -> Result<Vec<T>, String> {
        let value = self.get(name).unwrap_or(default);
        value
            .split(',')
            .map(|item| item.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| bad(name, &format!("is `{value}`, which {problem}"), default))
    }

    /// Empty, or a list of origins as browsers send them: scheme, host, and a port where it is not the scheme's own.
    pub(super) fn origins(&self, name: &str) -> Result<Vec<String>, String> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let origins: Vec<String> = value.split(',').map(|origin| origin.trim().to_owned()).collect();
        let exact = |origin: &String| {
            without_scheme(origin).is_some_and(|host| {
                !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
            })
        };
        if origins.iter().all(exact) {
            return Ok(origins);
        }
        Err(bad(
            name,
            &format!("is `{value}`, which is not a list of exact origins"),
            "https://status.example.org, https://other.example.org:8443",
        ))
    }

    pub(super) fn secret(&self, name: &str, production: bool, data_dir: &Path) -> Result<SecretString, String> {
        match self.given_secret(name, production)? {
            Some(secret) => Ok(secret),
            None if production => Err(bad(name, "is missing, and production needs it", "$(openssl rand -base64 48)")),
            None => {
                development_secret(&data_dir.join(format!("{}.secret", name.to_lowercase()))).map(SecretString::from)
            }
        }
    }

    /// The secret that stands in the environment or in the file it names.
    pub(super) fn given_secret(&self, name: &str, production: bool) -> Result<Option<SecretString>, String> {
        let example = "$(openssl rand -base64 48)";
        let given = match (self.get(name), self.get(&format!("{name}_FILE"))) {
            (Some(value), _) => Some(value.to_owned()),
            (None, Some(path)) => Some(
                fs::read_to_string(path)
                    .map_err(|cause| {
                        bad(&format!("{name}_FILE"), &format!("cannot be read: {cause}"), "/run/secrets/x")
                    })?
                    .trim()
                    .to_owned(),
            ),
            (None, None) => None,
        };
        let Some(value) = given else { return Ok(None) };
        // In development a sample will do, but never one that is too short for the algorithms.
        match weakness(&value) {
            Some(problem) if production || value.len() < SECRET_BYTES => Err(bad(name, problem, example)),
            _ => Ok(Some(SecretString::from(value))),
        }
    }
}
