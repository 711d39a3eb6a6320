//! The way to one client. Actix writes the head of the answer; then the socket is taken over, and actix frees what it held for
//! the connection: of the 20 KB that a stream would cost, three are left, and a client that closes its side is noticed at once.

use std::{
    any::Any,
    cell::RefCell,
    fmt::{self, Display, Formatter},
    io,
    net::TcpStream as Blocking,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    body::{BodySize, MessageBody},
    dev::Extensions,
    http::Version,
    rt, web,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::{
    hub::{Slot, Streams},
    send_buffer::SendBuffer,
    subscription::Subscription,
};
use crate::error::{ApiError, ApiResult};

/// A client that has taken nothing for this long is gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// A second handle to the same connection, for the stream that takes it over.
struct Socket(RefCell<Option<OwnedFd>>);

/// Stores the socket of a new connection where its requests find it.
pub fn retain_socket(connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>();
    if let Some(socket) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
        data.insert(Socket(RefCell::new(Some(socket))));
    }
}

/// A reader who listens.
pub(super) struct Listening {
    pub streams: web::Data<Streams>,
    pub buffer: Arc<SendBuffer>,
    #[expect(dead_code, reason = "held for as long as the stream is open")]
    pub slot: Slot,
}

/// The body of the answer to somebody who will listen. Actix sends none of it.
pub(super) struct Body {
    socket: Option<OwnedFd>,
    chunked: bool,
    /// Handed to the hub once the body is asked for, which never happens for HEAD.
    subscription: Option<Subscription>,
    listening: Option<Listening>,
}

impl Body {
    /// # Errors
    /// [`crate::error::Code::Busy`] if there is no second handle to the connection to be had.
    pub fn new(req: &HttpRequest, subscription: Subscription, listening: Listening) -> ApiResult<Self> {
        let socket = req.conn_data::<Socket>().and_then(|socket| socket.0.borrow_mut().take());
        Ok(Self {
            socket: Some(socket.ok_or_else(|| ApiError::busy().caused_by("no second file for the connection"))?),
            chunked: req.version() == Version::HTTP_11,
            subscription: Some(subscription),
            listening: Some(listening),
        })
    }
}

/// The error that makes actix release the connection.
#[derive(Debug)]
pub(super) struct TakenOver;

/// Whether `record` is actix's complaint about a connection that was taken over, which is no error.
#[must_use]
pub fn is_taking_over(record: &log::Record<'_>) -> bool {
    record.target().starts_with("actix_http") && record.args().to_string().ends_with(&format!("{TakenOver:?}"))
}

impl Display for TakenOver {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was taken over")
    }
}

impl std::error::Error for TakenOver {}

impl MessageBody for Body {
    type Error = TakenOver;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, TakenOver>>> {
        let body = self.get_mut();
        if let (Some(subscription), Some(listening)) = (body.subscription.take(), &body.listening) {
            listening.streams.join(subscription);
            // Actix sends the head now, and asks again.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let (Some(socket), Some(listening)) = (body.socket.take(), body.listening.take()) {
            let chunked = body.chunked;
            rt::spawn(async move {
                // There is nobody to notify once the client has gone.
                let _gone = send(socket, &listening, chunked).await;
            });
        }
        Poll::Ready(Some(Err(TakenOver)))
    }
}

/// Sends what comes until either side ends it.
async fn send(socket: OwnedFd, listening: &Listening, chunked: bool) -> io::Result<()> {
    let mut stream = TcpStream::from_std(Blocking::from(socket))?;
    while let Some((mut text, was_full)) = next(&stream, &listening.buffer).await? {
        if chunked {
            text.splice(..0, format!("{:x}\r\n", text.len()).into_bytes());
            text.extend_from_slice(b"\r\n");
        }
        timeout(PATIENCE, stream.write_all(&text)).await??;
        if was_full {
            listening.streams.wake();
        }
    }
    if chunked {
        timeout(PATIENCE, stream.write_all(b"0\r\n\r\n")).await??;
    }
    stream.shutdown().await
}

/// The next bytes to send, unless the client closes its side.
async fn next(stream: &TcpStream, buffer: &SendBuffer) -> io::Result<Option<(Vec<u8>, bool)>> {
    std::future::poll_fn(|context| {
        if let Poll::Ready(taken) = buffer.poll_take(context) {
            return Poll::Ready(Ok(taken));
        }
        while let Poll::Ready(ready) = stream.poll_read_ready(context) {
            ready?;
            // Nothing more is expected of the client, and whatever it sends all the same is dropped.
            match stream.try_read(&mut [0; 256]) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Poll::Ready(Err(error)),
                _ => {}
            }
        }
        Poll::Pending
    })
    .await
}
