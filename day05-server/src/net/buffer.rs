//! A queue of bytes between a socket and the code that uses them.

use std::io::{self, Write};
use std::ops::Deref;

/// The kernel copies received bytes into a buffer that begins on a cache line in a half to a
/// third of the time. malloc's large blocks begin 16 bytes behind a page, and on processors
/// that copy by `rep movsb` (the flags `erms` and `fsrm` in /proc/cpuinfo) a recv(2) of 64 KiB
/// took, by the offset of the buffer in its page, on an AMD Zen 3:
///
/// | offset | 0     | 16    | 32    | 64    | 96   | 512   |
/// |--------|-------|-------|-------|-------|------|-------|
/// | µs     | 17–20 | 32–37 | 12–25 | 11–19 | 9–13 | 12–23 |
const ALIGNMENT: usize = 64;

/// A queue of contiguous bytes: filled at its end, consumed at its front, read as a
/// slice. The original C++ has a class of this name, a `std::string` that text is
/// appended to; muduo's has the same two indices as this one.
///
/// A buffer whose last byte is consumed gives its memory back. A server has thousands
/// of connections, and most of them are idle at any one time; the memory that one burst
/// needed must not stay with them.
///
/// ```
/// # use day05_server as reactor;
/// use reactor::Buffer;
///
/// let mut buffer = Buffer::new();
/// buffer.append(b"one\ntwo");
/// buffer.consume(4);
/// assert_eq!(&buffer[..], b"two");
/// buffer.consume(3);
/// assert_eq!(buffer.capacity(), 0);
/// ```
#[derive(Debug, Default)]
pub struct Buffer {
    /// `ALIGNMENT - 1` bytes longer than the capacity, so that it has an aligned part.
    storage: Box<[u8]>,
    /// The aligned part of the storage.
    base: usize,
    limit: usize,
    /// The bytes in use.
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer without memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty buffer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let storage: Box<[u8]> = vec![0; capacity + ALIGNMENT - 1].into();
        let base = storage.as_ptr().align_offset(ALIGNMENT);
        Self {
            storage,
            base,
            limit: base + capacity,
            start: base,
            end: base,
        }
    }

    /// Adds `bytes` at the end.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.reserve(bytes.len());
            self.spare_mut()[..bytes.len()].copy_from_slice(bytes);
            self.commit(bytes.len());
        }
    }

    /// Drops `count` bytes from the front. With the last byte, the memory is given back.
    ///
    /// # Panics
    ///
    /// Panics when there are fewer.
    pub fn consume(&mut self, count: usize) {
        assert!(count <= self.len(), "consumed more than there is");
        self.start += count;
        if self.is_empty() {
            *self = Self::new();
        }
    }

    /// Drops all bytes and keeps the memory, for a buffer that is filled again soon.
    #[inline]
    pub fn clear(&mut self) {
        self.start = self.base;
        self.end = self.start;
    }

    /// How many bytes there is memory for, those in use included.
    pub fn capacity(&self) -> usize {
        self.limit - self.base
    }

    /// How many bytes there is room for after the last.
    pub fn spare(&self) -> usize {
        self.limit - self.end
    }

    /// Makes room for at least `additional` bytes after the last.
    pub fn reserve(&mut self, additional: usize) {
        if self.spare() < additional {
            self.make_room(additional);
        }
    }

    /// Moves the bytes to the front of the memory if that makes enough room, and otherwise
    /// to new memory of at least twice the size. Either way a byte is moved a few times at
    /// most.
    #[cold]
    fn make_room(&mut self, additional: usize) {
        let used = self.len();
        let base = self.base;
        if self.start - base >= used && self.capacity() - used >= additional {
            self.storage.copy_within(self.start..self.end, base);
            (self.start, self.end) = (base, base + used);
        } else {
            let capacity = (used + additional).max(2 * self.capacity());
            let mut larger = Self::with_capacity(capacity);
            larger.spare_mut()[..used].copy_from_slice(self);
            larger.commit(used);
            *self = larger;
        }
    }

    /// The room after the last byte, for a read; [`commit`](Self::commit) what it brings.
    #[inline]
    pub fn spare_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.end..self.limit]
    }

    /// Adds the first `count` bytes of [`spare_mut`](Self::spare_mut) to the queue.
    ///
    /// # Panics
    ///
    /// Panics when there is less room.
    #[inline]
    pub fn commit(&mut self, count: usize) {
        assert!(
            count <= self.spare(),
            "committed more than there is room for"
        );
        self.end += count;
    }

    /// Writes once, consumes what was written, and returns the number of bytes: 0 if the
    /// writer would block. A socket that takes less than there is would take no more now.
    ///
    /// # Errors
    ///
    /// Passes on the writer's error, except for
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub fn write_to(&mut self, mut writer: impl Write) -> io::Result<usize> {
        let count = match writer.write(self) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            written => written?,
        };
        self.consume(count);
        Ok(count)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.storage[self.start..self.end]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_drained_buffer_gives_its_memory_back() {
        let mut buffer = Buffer::new();
        buffer.append(&[7; 1000]);
        buffer.consume(999);
        assert_eq!(*buffer, [7]);
        buffer.consume(1);
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn room_in_front_is_used_before_new_memory() {
        let mut buffer = Buffer::with_capacity(8);
        buffer.append(b"abcdefgh");
        buffer.consume(6);
        buffer.append(b"ijkl");
        assert_eq!((&*buffer, buffer.capacity()), (&b"ghijkl"[..], 8));
        buffer.append(b"mnop");
        assert_eq!(*buffer, *b"ghijklmnop");
        assert_eq!(buffer.capacity(), 16);
    }

    #[test]
    fn what_the_kernel_fills_is_aligned() {
        let is_aligned = |buffer: &mut Buffer| {
            let spare = buffer.spare_mut();
            !spare.is_empty() && spare.as_ptr().addr().is_multiple_of(ALIGNMENT)
        };
        for capacity in [1, 1000, 64 * 1024, 256 * 1024] {
            let mut buffer = Buffer::with_capacity(capacity);
            assert!(is_aligned(&mut buffer), "{capacity} bytes");
            buffer.append(&vec![1; capacity + 1]);
            buffer.clear();
            assert!(is_aligned(&mut buffer), "grown from {capacity} bytes");
        }
    }

    #[test]
    fn what_is_written_is_consumed_and_a_full_writer_takes_nothing() {
        let mut buffer = Buffer::new();
        buffer.append(b"abcde");
        assert_eq!(buffer.write_to(&mut [0; 3][..]).unwrap(), 3);
        assert_eq!(*buffer, *b"de");
        assert_eq!(buffer.write_to(Full(Vec::new(), 0)).unwrap(), 0);
        assert_eq!(*buffer, *b"de");
    }

    #[test]
    fn a_read_is_committed_behind_the_last_byte() {
        let mut buffer = Buffer::with_capacity(4);
        buffer.append(b"a");
        buffer.spare_mut()[..2].copy_from_slice(b"bc");
        buffer.commit(2);
        assert_eq!(*buffer, *b"abc");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(Vec<u8>),
        Consume(prop::sample::Index),
        Reserve(usize),
        /// From a reader that has that much to give.
        Read(Vec<u8>),
        /// To a writer that takes that much.
        Write(usize),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..50);
        prop_oneof![
            bytes().prop_map(Step::Append),
            any::<prop::sample::Index>().prop_map(Step::Consume),
            (0..50_usize).prop_map(Step::Reserve),
            bytes().prop_map(Step::Read),
            (0..50_usize).prop_map(Step::Write),
            Just(Step::Clear),
        ]
    }

    /// Takes so many bytes and then no more.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.1 - self.0.len());
            if count == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn a_buffer_is_a_queue(capacity in 0..40_usize, steps in prop::collection::vec(step(), 0..60)) {
            let mut buffer = Buffer::with_capacity(capacity);
            let mut model = VecDeque::new();
            for step in steps {
                match step {
                    Step::Append(bytes) => {
                        buffer.append(&bytes);
                        model.extend(bytes);
                    }
                    Step::Consume(index) => {
                        let count = index.index(model.len() + 1);
                        buffer.consume(count);
                        model.drain(..count);
                        // The memory goes with the last byte.
                        prop_assert!(!model.is_empty() || buffer.capacity() == 0);
                    }
                    Step::Reserve(count) => {
                        buffer.reserve(count);
                        prop_assert!(buffer.spare() >= count);
                    }
                    Step::Read(bytes) => {
                        let room = buffer.spare();
                        let count = (&*bytes).read(buffer.spare_mut()).unwrap();
                        buffer.commit(count);
                        prop_assert_eq!(count, room.min(bytes.len()));
                        model.extend(&bytes[..count]);
                    }
                    Step::Write(room) => {
                        let mut writer = Full(Vec::new(), room);
                        let count = buffer.write_to(&mut writer).unwrap();
                        prop_assert_eq!(count, room.min(model.len()));
                        prop_assert_eq!(writer.0, model.drain(..count).collect::<Vec<_>>());
                    }
                    Step::Clear => {
                        let before = buffer.capacity();
                        buffer.clear();
                        model.clear();
                        prop_assert_eq!(buffer.capacity(), before);
                    }
                }
                prop_assert_eq!(&*buffer, &*model.make_contiguous());
                prop_assert_eq!(buffer.is_empty(), model.is_empty());
                prop_assert!(buffer.len() + buffer.spare() <= buffer.capacity());
            }
        }
    }
}
