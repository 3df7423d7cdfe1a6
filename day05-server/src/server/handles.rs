//! A connection seen from afar.

use std::sync::Arc;

use crate::Token;
use crate::mailbox::Mailbox;
use crate::worker::Message;

/// A way to a [`Connection`](crate::Connection) that other threads, other connections
/// and later times may use. What it is told, the connection does in its own thread and
/// in the order in which each thread has told it. When the connection has ended,
/// nothing happens: the bytes are counted as discarded.
#[derive(Clone)]
pub struct ConnHandle {
    mailbox: Option<Arc<Mailbox<Message>>>,
    token: Option<Token>,
}

impl ConnHandle {
    pub(crate) fn new(mailbox: Option<Arc<Mailbox<Message>>>, token: Option<Token>) -> Self {
        Self { mailbox, token }
    }

    /// Sends `bytes`. To send the same to many, clone an `Arc<[u8]>` for each. A peer
    /// that reads so slowly that more than the high-water mark is waiting for it is
    /// disconnected.
    pub fn send(&self, bytes: impl Into<Arc<[u8]>>) {
        self.tell(|token| Message::Send(token, bytes.into()));
    }

    /// Tells the peer that nothing more will be sent, as
    /// [`Connection::shutdown`](crate::Connection::shutdown) does.
    pub fn shutdown(&self) {
        self.tell(Message::Shutdown);
    }

    /// Closes the connection when all is sent, as
    /// [`Connection::close`](crate::Connection::close) does; its callback sees the end.
    pub fn close(&self) {
        self.tell(Message::Close);
    }

    fn tell(&self, message: impl FnOnce(Token) -> Message) {
        if let (Some(mailbox), Some(token)) = (&self.mailbox, self.token) {
            // A closed mailbox means that all its connections have ended.
            let _ = mailbox.push(message(token));
        }
    }
}
