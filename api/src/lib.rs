//! The rooms of the service behind the Personal Status Tracker, floor by floor from the ground up. A file imports from floors below its
//! own and from its own room; `api/tests/api/floors.rs` refuses anything else. `docs/architecture.md` walks a request through the house.

// 1. Words and instants.
pub mod clock;
pub mod config;
pub mod error;
pub mod id;
pub mod words;

// 2. The database, what is logged, the log.
pub mod db;
pub mod logging;
pub mod metric;

// 3. What a request is, and what an account is.
pub mod account;
pub mod http;

// 4. What is written beside every change: the record, and the row that tells who watches.
pub mod outbox;
pub mod trail;

// 5. What an admin decides while the server runs.
pub mod settings;

// 6. Who is asking.
pub mod auth;

// 7. What is read and counted, and what is logged.
pub mod audit;
pub mod entries;
pub mod limits;

// 8. Who may see what of whom.
pub mod people;

// 9. What becomes of accounts.
pub mod users;

// 10. What is shown live and at once, and running the thing.
pub mod events;
pub mod ops;
pub mod start;

// 11. All of it behind one address.
pub mod server;
