//! Flaws that comparable programs had, by class. A flaw that is also a requirement of the ASVS is tested there.

mod accounts;
mod requests;
