//! The buffers that all connections of a loop share.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::mem;
use std::ops::Range;

use crate::net::Buffer;

/// How much one read may bring. One connection of a loop is read from at a time, so that all
/// share one buffer of this size: it stays in the processor's cache, and thousands of idle
/// connections cost no memory for input.
const INPUT_SIZE: usize = 256 * 1024;

/// How much room a read has at least, behind the bytes that were kept.
const MIN_READ: usize = 64 * 1024;

/// Lent to one connection after the other, for the time of a callback.
pub(crate) struct LoopBuffers {
    input: RefCell<Buffer>,
    /// The shared input buffer, while a connection that keeps much input uses its own.
    shared: Cell<Option<Box<Buffer>>>,
    has_read: Cell<bool>,
    keep_from: Cell<Option<usize>>,
    send_buf: Cell<SendBuf>,
    /// The bytes of [`SendBuf::Copy`].
    copy: RefCell<Vec<u8>>,
}

/// Where the bytes are that the next [`Connection::write`](crate::Connection::write) sends.
#[derive(Clone, Copy, Debug, Default)]
enum SendBuf {
    #[default]
    Empty,
    /// A part of the input: an echo copies nothing.
    Input {
        start: usize,
        end: usize,
    },
    Copy,
}

impl LoopBuffers {
    pub(crate) fn new() -> Self {
        Self {
            input: RefCell::new(Buffer::with_capacity(INPUT_SIZE)),
            shared: Cell::default(),
            has_read: Cell::default(),
            keep_from: Cell::default(),
            send_buf: Cell::default(),
            copy: RefCell::default(),
        }
    }

    /// Empties the buffers for the next connection, except for the input that it has kept. A
    /// little is copied, much is used where it is: each read costs as much as it brings, however
    /// much is kept.
    #[inline]
    pub(crate) fn lend(&self, kept: Option<Box<Buffer>>) {
        self.has_read.set(false);
        self.send_buf.set(SendBuf::Empty);
        let mut input = self.input.borrow_mut();
        input.clear();
        match kept {
            None => {}
            Some(kept) if kept.len() <= MIN_READ => input.append(&kept),
            Some(mut own) => {
                mem::swap(&mut *input, &mut *own);
                self.shared.set(Some(own));
            }
        }
    }

    /// The input that the connection keeps.
    #[inline]
    pub(crate) fn take_kept(&self) -> Option<Box<Buffer>> {
        let from = self.keep_from.take();
        if let Some(mut own) = self.shared.take() {
            mem::swap(&mut *self.input.borrow_mut(), &mut *own);
            own.consume(from.unwrap_or(usize::MAX).min(own.len()));
            return (!own.is_empty()).then_some(own);
        }
        let input = self.input.borrow();
        let kept = input.get(from?..).filter(|kept| !kept.is_empty())?;
        let mut own = Box::<Buffer>::default();
        own.append(kept);
        Some(own)
    }

    pub(crate) fn keep_from(&self, offset: usize) {
        self.keep_from.set(Some(offset));
    }

    /// The input, with room for a read.
    #[inline]
    pub(crate) fn input_mut(&self) -> RefMut<'_, Buffer> {
        self.has_read.set(true);
        let mut input = self.input.borrow_mut();
        input.reserve(MIN_READ);
        input
    }

    /// Whether the connection has read since the buffers were lent to it.
    pub(crate) fn has_read(&self) -> bool {
        self.has_read.get()
    }

    pub(crate) fn input(&self) -> Ref<'_, Buffer> {
        self.input.borrow()
    }

    #[inline]
    pub(crate) fn set_send_buf(&self, bytes: &[u8]) {
        let part_of_input = range_within(&self.input.borrow(), bytes);
        self.send_buf.set(match part_of_input {
            Some(Range { start, end }) => SendBuf::Input { start, end },
            None => {
                self.copy.replace(bytes.to_vec());
                SendBuf::Copy
            }
        });
    }

    /// Passes the bytes to be sent to `send`, once.
    #[inline]
    pub(crate) fn send_with(&self, send: impl FnOnce(&[u8])) {
        match self.send_buf.take() {
            SendBuf::Empty => {}
            SendBuf::Input { start, end } => send(&self.input.borrow()[start..end]),
            SendBuf::Copy => send(&self.copy.take()),
        }
    }
}

/// The position of `part` in `whole`, if it is a part of that memory.
fn range_within(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_by_its_address_and_not_by_its_bytes() {
        let whole = *b"abcabc";
        let copy = whole;
        assert_eq!(range_within(&whole, &whole[3..5]), Some(3..5));
        assert_eq!(range_within(&whole, &whole), Some(0..6));
        assert_eq!(range_within(&whole, &copy), None);
        assert_eq!(range_within(&whole[..2], &whole[1..3]), None);
        assert_eq!(range_within(&whole[2..], &whole[..3]), None);
    }

    #[test]
    fn kept_input_comes_before_the_next() {
        let buffers = LoopBuffers::new();
        buffers.lend(None);
        buffers.input_mut().append(b"one\ntwo");
        buffers.keep_from(4);
        let kept = buffers.take_kept();
        buffers.lend(kept);
        assert_eq!(**buffers.input(), *b"two");
        buffers.keep_from(99);
        assert!(buffers.take_kept().is_none(), "an offset behind the end");
    }

    #[test]
    fn much_kept_input_is_not_copied_again() {
        let buffers = LoopBuffers::new();
        buffers.lend(None);
        buffers.input_mut().append(&[1; INPUT_SIZE]);
        buffers.keep_from(0);
        let mut copies = 0;
        for round in 0..64 {
            buffers.lend(buffers.take_kept());
            let before = buffers.input().as_ptr();
            buffers.input_mut().append(&[2; 1000]);
            assert_eq!(buffers.input().len(), INPUT_SIZE + 1000 * (round + 1));
            copies += usize::from(buffers.input().as_ptr() != before);
            buffers.keep_from(0);
        }
        assert!(
            copies <= 2,
            "{copies} copies: only a buffer that grows is copied"
        );
        let kept = buffers.take_kept().unwrap();
        assert!(kept[..INPUT_SIZE].iter().all(|&byte| byte == 1));

        // The next connection has the shared buffer.
        buffers.lend(None);
        assert_eq!(buffers.input().capacity(), INPUT_SIZE);
    }
}
