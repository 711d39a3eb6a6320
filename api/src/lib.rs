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

// 3. Requests and accounts.
pub mod account;
pub mod http;

// 4. Written beside every change: the audit record, and the row that notifies those who watch.
pub mod outbox;
pub mod trail;

// 5. Settings that an admin changes.
pub mod settings;

// 6. Identity: the person or script behind a request.
pub mod auth;

// 7. Entries, the limits, and the reading of the trail.
pub mod audit;
pub mod entries;
pub mod limits;

// 8. Sharing: the people a reader may watch, and how much of them.
pub mod people;

// 9. The life of accounts.
pub mod users;

// 10. Live streams, the first answer to a page, and running the server.
pub mod events;
pub mod ops;
pub mod start;

// 11. Everything behind one address.
pub mod server;
