//! Fields of an export as CSV.

/// One field of a CSV file (RFC 4180). A leading apostrophe makes text of anything that a spreadsheet would take for a formula (OWASP ASVS
/// 1.2.10).
#[must_use]
pub fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}
