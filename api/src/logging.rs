//! Log lines through `env_logger`: JSON for machines, one readable line for people. Either way characters that do not show, or that turn
//! the text around them, are escaped, so nothing a client sends can forge a line (OWASP ASVS 16.4.1).

use std::io::{self, Write};

use env_logger::fmt::Formatter;
use log::{
    Record,
    kv::{Key, Value, VisitSource},
};
use serde_json::{Map, json};

use crate::{
    clock::Clock,
    config::{Config, LogFormat},
};

/// Starts logging to standard error, without the records that `skip` matches. Later calls change nothing.
pub fn init(config: &Config, clock: Clock, skip: fn(&Record<'_>) -> bool) {
    let format = config.log_format;
    let _already_started = env_logger::Builder::new()
        .filter_level(config.log_level.min(log::LevelFilter::Warn))
        .filter_module("status_tracker", config.log_level)
        .format(move |out, record| match format {
            _ if skip(record) => Ok(()),
            LogFormat::Json => write_json(out, record, &clock),
            LogFormat::Pretty => write_pretty(out, record, &clock),
        })
        .try_init();
}

fn write_json(out: &mut Formatter, record: &Record<'_>, clock: &Clock) -> io::Result<()> {
    let mut line = Map::new();
    line.insert("at".to_owned(), json!(clock.now()));
    line.insert("level".to_owned(), json!(record.level().as_str()));
    line.insert("target".to_owned(), json!(record.target()));
    line.insert("message".to_owned(), json!(record.args().to_string()));
    fields(record, |key, value| {
        line.insert(key.to_owned(), json!(value));
    });
    let line = serde_json::to_string(&line)?;
    let escaped = line.chars().flat_map(|c| match c {
        // These stand only within strings, where JSON reads the escape as the same character.
        _ if misleads(c) => format!("\\u{:04x}", u32::from(c)).chars().collect(),
        _ => vec![c],
    });
    writeln!(out, "{}", escaped.collect::<String>())
}

/// Ends a line, or changes the direction in which it is read.
fn misleads(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_pretty(out: &mut Formatter, record: &Record<'_>, clock: &Clock) -> io::Result<()> {
    let mut line = format!("{} {:5} {}", clock.now(), record.level(), record.args());
    fields(record, |key, value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !value.is_null() {
            line.extend([" ", key, "=", &text]);
        }
    });
    let escaped: String =
        line.chars().flat_map(|c| if misleads(c) { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect();
    writeln!(out, "{escaped}")
}

fn fields(record: &Record<'_>, mut each: impl FnMut(&str, serde_json::Value)) {
    struct Visitor<F>(F);
    impl<'kvs, F: FnMut(&str, serde_json::Value)> VisitSource<'kvs> for Visitor<F> {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
            (self.0)(key.as_str(), serde_json::to_value(&value).unwrap_or_else(|_| json!(value.to_string())));
            Ok(())
        }
    }
    // The visitor never fails.
    let _visited = record.key_values().visit(&mut Visitor(&mut each));
}
