//! The real program, killed and stopped while it writes: what it acknowledged is there, once.
//!
//! Nothing here sleeps. Kills are triggered by progress, a client whose server has gone waits to be told of the next one, and the
//! wait for a new process is a loop around `connect`, which the kernel refuses at once until the process listens.

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
/// Nothing here takes longer on a working machine; what does has got stuck.
pub const PATIENCE: Duration = Duration::from_secs(50);
