//! The bytes for one client that the client has not taken yet.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Beyond this many bytes nothing is added until the client has taken them.
const ROOM: usize = 32 * 1024;

#[derive(Debug)]
pub(super) struct SendBuffer(Mutex<State>);

#[derive(Debug)]
struct State {
    text: Vec<u8>,
    waker: Option<Waker>,
    ended: bool,
}

impl SendBuffer {
    /// A buffer with a comment in it, so that the client learns at once that it is connected.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { text: b":\n\n".to_vec(), waker: None, ended: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn has_room(&self) -> bool {
        self.state().text.len() < ROOM
    }

    pub fn push(&self, text: &str) {
        let mut state = self.state();
        state.text.extend_from_slice(text.as_bytes());
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Ends the stream after the bytes that are in it.
    pub fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Takes all bytes, and tells whether that made room again; `None` once the stream has ended.
    pub fn poll_take(&self, context: &Context<'_>) -> Poll<Option<(Vec<u8>, bool)>> {
        let mut state = self.state();
        if !state.text.is_empty() {
            let text = mem::take(&mut state.text);
            let was_full = text.len() >= ROOM;
            return Poll::Ready(Some((text, was_full)));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use futures_util::task::noop_waker;

    use super::*;

    #[test]
    fn an_event_that_is_not_taken_takes_up_room() {
        let buffer = SendBuffer::new();
        let waker = noop_waker();
        let context = Context::from_waker(&waker);
        assert_eq!(buffer.poll_take(&context), Poll::Ready(Some((b":\n\n".to_vec(), false))));
        assert_eq!(buffer.poll_take(&context), Poll::Pending);
        buffer.push(&"x".repeat(ROOM - 1));
        assert!(buffer.has_room());
        buffer.push("y");
        assert!(!buffer.has_room());
        buffer.end();
        let Poll::Ready(Some((text, true))) = buffer.poll_take(&context) else {
            panic!("all of it, and that it was full")
        };
        assert_eq!(text.len(), ROOM);
        assert_eq!(buffer.poll_take(&context), Poll::Ready(None));
    }
}
