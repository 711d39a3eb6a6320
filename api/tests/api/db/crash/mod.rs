//! The real program, killed and stopped while it writes: every acknowledged write is there, once.
//!
//! Nothing here sleeps. Kills are triggered by progress, a client without a server waits until it is notified of the next one, and the wait
//! for a new process is a loop around `connect`, which the kernel refuses at once until the process listens.

mod client;
mod kills;
mod limits;
mod site;
mod stops;

use std::time::Duration;

pub use self::{
    client::Client,
    site::{JWT_SECRET, Server, Site},
};

const CLIENTS: usize = 16;
/// Longer than any step here takes on a working machine: beyond it something has got stuck.
pub const PATIENCE: Duration = Duration::from_secs(50);
