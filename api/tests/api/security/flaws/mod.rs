//! Flaws that comparable programs had, by class. What is also a requirement of the ASVS is shown there.

mod accounts;
mod requests;
