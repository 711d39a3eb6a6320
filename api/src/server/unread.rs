//! The rest of a body that nobody read. Actix goes on reading a dropped chunked body for as long as its sender likes,
//! and closes the connection if the body is still held when the answer is sent. It is therefore held until then.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;

/// A body that is read by the handler and held beyond it.
#[derive(Clone)]
pub(super) struct Held(Rc<RefCell<Payload>>);

impl Held {
    /// `None` where the request has no body.
    pub fn of(req: &mut ServiceRequest) -> Option<Self> {
        match req.take_payload() {
            Payload::None => None,
            payload => {
                let held = Self(Rc::new(RefCell::new(payload)));
                req.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
                Some(held)
            }
        }
    }

    pub fn until_sent(self, response: HttpResponse) -> HttpResponse {
        response.map_body(|_, body| BoxBody::new(With { body, _held: self }))
    }
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

struct With {
    body: BoxBody,
    _held: Held,
}

impl MessageBody for With {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
