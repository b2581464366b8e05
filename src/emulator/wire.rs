//! Connections that can be cut on purpose.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections can be cut.
pub(crate) struct Cuttable(pub(crate) TcpListener);

impl Listener for Cuttable {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((tcp, address)) => {
                    let _ = tcp.set_nodelay(true);
                    return (Stream { tcp, line: Line::default(), left: None }, address);
                }
                // Out of file handles, or the peer is gone already: others may still get through.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// The handle by which a request reaches the connection that it came on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<AtomicU64>);

/// No cut.
const OPEN: u64 = 0;
/// Close before the next byte; greater numbers are a count of body bytes, plus two.
const CLOSE: u64 = 1;

impl Line {
    /// Closes the connection instead of sending the next byte.
    pub(crate) fn close(&self) {
        self.0.store(CLOSE, Ordering::SeqCst);
    }

    /// Closes the connection after the head of the next answer and so many bytes of its body.
    pub(crate) fn close_after(&self, body_bytes: usize) {
        self.0.store((body_bytes as u64).saturating_add(2), Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Line {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        stream.io().line.clone()
    }
}

/// A connection that can be cut.
pub(crate) struct Stream {
    tcp: TcpStream,
    line: Line,
    /// How many bytes may still be written, once the place of the cut is known.
    left: Option<usize>,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let cut = self.line.0.load(Ordering::SeqCst);
        if cut == OPEN {
            return Pin::new(&mut self.tcp).poll_write(context, bytes);
        }
        if cut == CLOSE {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.left.is_none() {
            let body = usize::try_from(cut - 2).unwrap_or(usize::MAX);
            self.left = bytes
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
                .map(|head| (head + 4).saturating_add(body));
        }
        let allowed = self.left.unwrap_or(bytes.len()).min(bytes.len());
        if allowed == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = Pin::new(&mut self.tcp).poll_write(context, &bytes[..allowed]);
        if let (Poll::Ready(Ok(written)), Some(left)) = (&written, self.left.as_mut()) {
            *left = left.saturating_sub(*written);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
