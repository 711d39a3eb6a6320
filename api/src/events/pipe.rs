//! What there is for one client and the client has not taken yet.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web,
};

use super::hub::{Slot, Subscription};
use crate::{audit::Trace, server::AppState};

/// Beyond so many bytes nothing is added until the client has taken them.
const ROOM: usize = 32 * 1024;
/// A client that has taken nothing for so long is gone.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Pipe(Mutex<State>);

#[derive(Debug)]
struct State {
    text: Vec<u8>,
    /// Since when something has been waiting.
    since: Instant,
    waker: Option<Waker>,
    ended: bool,
}

impl Pipe {
    /// With a comment in it, so that the client hears at once that it is connected.
    pub fn new() -> Arc<Self> {
        let text = b":\n\n".to_vec();
        Arc::new(Self(Mutex::new(State { text, since: Instant::now(), waker: None, ended: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn has_room(&self) -> bool {
        self.state().text.len() < ROOM
    }

    /// Whether the client had something to take for too long by `now`.
    pub fn is_stuck(&self, now: Instant) -> bool {
        let state = self.state();
        !state.text.is_empty() && now.saturating_duration_since(state.since) > PATIENCE
    }

    pub fn push(&self, text: &str) {
        let mut state = self.state();
        if state.text.is_empty() {
            state.since = Instant::now();
        }
        state.text.extend_from_slice(text.as_bytes());
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// What is in it is the last.
    pub fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// All there is, and whether that made room again.
    fn poll_take(&self, context: &Context<'_>) -> Poll<Option<(web::Bytes, bool)>> {
        let mut state = self.state();
        if !state.text.is_empty() {
            let was_full = state.text.len() >= ROOM;
            return Poll::Ready(Some((mem::take(&mut state.text).into(), was_full)));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The body of an answer that goes on for as long as its reader listens.
pub(super) struct Body {
    pub state: web::Data<AppState>,
    /// Handed to the hub when the first of it is wanted: of an answer to HEAD nothing ever is.
    pub subscription: Option<Subscription>,
    pub pipe: Arc<Pipe>,
    pub look: Look,
    #[expect(dead_code, reason = "held for as long as the stream is open")]
    pub slot: Slot,
}

/// Whom the reader sees for as long as the stream is open.
pub(super) struct Look {
    pub trace: Trace,
    pub people: Vec<String>,
}

impl Look {
    fn note(&self, state: &AppState) {
        let trace = Trace { at: state.clock.now(), ..self.trace.clone() };
        self.people.iter().for_each(|person| state.looks.note(&state.db, &trace, person));
    }
}

impl MessageBody for Body {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        let body = self.get_mut();
        if let Some(subscription) = body.subscription.take() {
            body.look.note(&body.state);
            body.state.streams.join(subscription);
        }
        body.pipe.poll_take(context).map(|taken| {
            taken.map(|(text, was_full)| {
                if was_full {
                    body.state.streams.wake();
                }
                Ok(text)
            })
        })
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.subscription.is_none() {
            self.look.note(&self.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::task::noop_waker;

    use super::*;

    #[test]
    fn what_is_not_taken_stays_and_ends_the_patience() {
        let pipe = Pipe::new();
        let waker = noop_waker();
        let context = Context::from_waker(&waker);
        let later = |after: Duration| Instant::now() + after;
        assert!(!pipe.is_stuck(later(Duration::ZERO)));
        assert!(pipe.is_stuck(later(PATIENCE + Duration::from_secs(1))));
        assert_eq!(pipe.poll_take(&context), Poll::Ready(Some((":\n\n".into(), false))));
        assert_eq!(pipe.poll_take(&context), Poll::Pending);
        assert!(!pipe.is_stuck(later(2 * PATIENCE)), "nothing waits for the client");

        pipe.push(&"x".repeat(ROOM - 1));
        assert!(pipe.has_room());
        pipe.push("y");
        assert!(!pipe.has_room());
        pipe.end();
        let Poll::Ready(Some((text, true))) = pipe.poll_take(&context) else {
            panic!("all of it, and that it was full")
        };
        assert_eq!(text.len(), ROOM);
        assert_eq!(pipe.poll_take(&context), Poll::Ready(None));
    }
}
