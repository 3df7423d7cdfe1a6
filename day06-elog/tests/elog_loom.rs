//! The orders in which two callers, the writer thread and a thread that flushes or stops can
//! run through the double buffer.
//!
//! The library's source is compiled here over loom's locks. Loom's waits never time out, so
//! whatever passes here does not need the flush interval to come to its rescue: a wake-up
//! that gets lost is a deadlock, which loom reports.

#[path = "../src/base"]
#[allow(dead_code, reason = "the double buffer needs some of it")]
mod base {
    pub(crate) mod counter;
    #[allow(unreachable_pub, reason = "it is public in the library")]
    mod log_stderr;
    pub(crate) mod signal_mask;
    pub(crate) mod syscall;

    pub(crate) use log_stderr::write_stderr;

    pub(crate) mod sync {
        use std::time::Duration;

        pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

        pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
            mutex.lock().unwrap()
        }

        /// No time passes in loom: a wait ends when its condition does, unless it is none.
        pub(crate) fn wait_while<'a, T>(
            condvar: &Condvar,
            mut guard: MutexGuard<'a, T>,
            timeout: Duration,
            mut condition: impl FnMut(&mut T) -> bool,
        ) -> MutexGuard<'a, T> {
            while !timeout.is_zero() && condition(&mut guard) {
                guard = condvar.wait(guard).unwrap();
            }
            guard
        }
    }
}

#[path = "../src/elog"]
#[allow(dead_code, reason = "no thread of the library is started here")]
#[allow(unreachable_pub, reason = "it is public in the library")]
mod elog {
    pub(crate) mod buffer;
    pub(crate) mod stats;
    pub(crate) mod writer;

    pub(crate) fn stats_of(buffer: &buffer::DoubleBuffer) -> stats::Stats {
        buffer.lock().stats
    }

    /// A file in memory, which never fails, and how often it was opened.
    pub(crate) mod file {
        use std::io;
        use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        use std::sync::{Arc, Mutex};

        #[derive(Clone, Default)]
        pub(crate) struct Target(pub(crate) Arc<Mutex<Vec<u8>>>, pub(crate) Arc<AtomicUsize>);

        pub(crate) struct LogFile(Target);

        impl LogFile {
            pub(crate) fn open(target: &Target) -> io::Result<Self> {
                target.1.fetch_add(1, Relaxed);
                Ok(Self(target.clone()))
            }

            pub(crate) fn append(&mut self, lines: &[u8], at: &mut usize) -> io::Result<()> {
                self.0.0.lock().unwrap().extend_from_slice(&lines[*at..]);
                *at = lines.len();
                Ok(())
            }

            pub(crate) fn reopen_if_moved(&mut self) {
                self.0.1.fetch_add(1, Relaxed);
            }

            pub(crate) fn take_error(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    }

    pub(crate) mod level {
        #[derive(PartialEq)]
        pub(crate) enum Level {
            Error,
            Info,
        }
    }

    pub(crate) mod line {
        pub(crate) struct Line<'a> {
            pub(crate) bytes: &'a [u8],
            pub(crate) level: super::level::Level,
            pub(crate) is_cut: bool,
        }

        /// As long as any other line here: a digit and a line feed.
        pub(crate) fn loss_notice(lost: u64, _why: &str) -> Vec<u8> {
            format!("{lost}\n").into_bytes()
        }
    }
}

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use elog::buffer::DoubleBuffer;
use elog::file::{LogFile, Target};
use elog::level::Level;
use elog::line::Line;
use elog::stats_of;
use loom::sync::{Arc, mpsc};
use loom::thread;

const EVER: Duration = Duration::from_secs(3600);

/// Lines of two bytes: the caller's letter and a line feed.
const LINE: usize = 2;

/// Explores all orders with at most two switches that no wait forces, which is where the
/// known bugs of this kind are.
fn explore(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(body);
}

/// What a test has of a logger.
struct Log {
    buffer: Arc<DoubleBuffer>,
    target: Target,
}

impl Log {
    /// A buffer with room for so many lines, and the file behind it.
    fn new(lines: usize) -> (Self, LogFile) {
        let target = Target::default();
        let file = LogFile::open(&target).unwrap();
        let buffer = DoubleBuffer::new(target.clone(), file, lines * LINE, EVER);
        let file = buffer.start_buffering().unwrap();
        let buffer = Arc::new(buffer);
        (Self { buffer, target }, file)
    }

    fn push(&self, bytes: &[u8], level: Level, timeout: Duration) {
        push(&self.buffer, bytes, level, timeout);
    }

    /// Starts the writer thread.
    fn spawn_writer(&self, mut file: LogFile) -> thread::JoinHandle<()> {
        let buffer = Arc::clone(&self.buffer);
        thread::spawn(move || {
            let mut back = buffer.allocate();
            while let Some(batch) = buffer.take(&mut back) {
                let lines = batch.lines + u64::from(batch.reported > 0);
                assert_eq!(back.len() as u64, lines * LINE as u64);
                if batch.reopen {
                    file.reopen_if_moved();
                }
                file.append(&back, &mut 0).unwrap();
                buffer.mark_written(batch);
            }
            buffer.end_buffering();
        })
    }

    /// Starts a caller that logs these lines.
    fn spawn_caller(&self, lines: &'static [&[u8]], timeout: Duration) -> thread::JoinHandle<()> {
        let buffer = Arc::clone(&self.buffer);
        thread::spawn(move || {
            for line in lines {
                push(&buffer, line, Level::Info, timeout);
            }
        })
    }

    /// What is in the file of the caller whose lines are `lines`.
    fn of_caller(&self, lines: &[&[u8]]) -> Vec<u8> {
        let content = self.target.0.lock().unwrap();
        let of_caller = content.chunks(LINE).filter(|line| lines.contains(line));
        of_caller.flatten().copied().collect()
    }

    /// How many lines the file reports as lost.
    fn reported(&self) -> u64 {
        let content = self.target.0.lock().unwrap();
        let digits = content.iter().filter(|byte| byte.is_ascii_digit());
        digits.map(|digit| u64::from(digit - b'0')).sum()
    }

    fn assert_all_written(&self, lines: u64) {
        let stats = stats_of(&self.buffer);
        assert_eq!((stats.accepted, stats.written), (lines, lines));
        let len = self.target.0.lock().unwrap().len();
        assert_eq!(len as u64, lines * LINE as u64);
    }
}

fn push(buffer: &DoubleBuffer, bytes: &[u8], level: Level, timeout: Duration) {
    let line = Line {
        bytes,
        level,
        is_cut: false,
    };
    buffer.push(&line, timeout).unwrap();
}

const A: &[&[u8]] = &[b"a\n", b"b\n"];
const B: &[&[u8]] = &[b"x\n"];

#[test]
fn two_callers_and_room_for_one_line_lose_nothing_and_keep_their_order() {
    explore(|| {
        let (log, file) = Log::new(1);
        let writer = log.spawn_writer(file);
        let callers = [A, B].map(|lines| log.spawn_caller(lines, EVER));
        callers
            .into_iter()
            .for_each(|caller| caller.join().unwrap());
        assert_eq!(log.buffer.stop(EVER), Ok(()));
        writer.join().unwrap();
        assert_eq!(log.of_caller(A), A.concat());
        assert_eq!(log.of_caller(B), B.concat());
        log.assert_all_written(3);
    });
}

#[test]
fn a_stop_in_the_middle_leaves_each_line_to_the_writer_thread_or_its_caller() {
    explore(|| {
        let (log, file) = Log::new(1);
        let writer = log.spawn_writer(file);
        let callers = [&A[..1], B].map(|lines| log.spawn_caller(lines, EVER));
        assert_eq!(log.buffer.stop(EVER), Ok(()));
        callers
            .into_iter()
            .for_each(|caller| caller.join().unwrap());
        writer.join().unwrap();
        log.assert_all_written(2);
        log.push(b"z\n", Level::Error, EVER);
        log.assert_all_written(3);
    });
}

#[test]
fn a_flush_returns_when_what_was_queued_before_it_is_written() {
    explore(|| {
        // Large enough that nothing but the flush wakes the writer thread.
        let (log, file) = Log::new(32);
        let writer = log.spawn_writer(file);
        let caller = log.spawn_caller(&A[..1], EVER);
        log.push(b"m\n", Level::Info, EVER);
        assert_eq!(log.buffer.flush(EVER), Ok(()));
        assert_eq!(log.of_caller(&[b"m\n"]), b"m\n");
        caller.join().unwrap();
        assert_eq!(log.buffer.stop(EVER), Ok(()));
        writer.join().unwrap();
        log.assert_all_written(2);
    });
}

#[test]
fn an_error_does_not_wait_for_the_flush_interval() {
    explore(|| {
        let (log, _file) = Log::new(32);
        let buffer = Arc::clone(&log.buffer);
        let writer = thread::spawn(move || {
            let mut back = buffer.allocate();
            while back.is_empty() {
                assert!(buffer.take(&mut back).is_some());
            }
            back
        });
        log.push(b"e\n", Level::Error, EVER);
        assert_eq!(writer.join().unwrap(), b"e\n");
    });
}

#[test]
fn a_flush_ends_the_pause_after_a_failed_write() {
    explore(|| {
        let (log, _file) = Log::new(1);
        let buffer = Arc::clone(&log.buffer);
        let (taken, is_taken) = mpsc::channel();
        let writer = thread::spawn(move || {
            let mut back = buffer.allocate();
            while let Some(batch) = buffer.take(&mut back) {
                if batch.lines > 0 {
                    taken.send(()).unwrap();
                    assert!(buffer.pause(EVER));
                }
                buffer.mark_written(batch);
            }
            buffer.end_buffering();
        });
        log.push(b"m\n", Level::Info, EVER);
        is_taken.recv().unwrap();
        assert_eq!(log.buffer.flush(EVER), Ok(()));
        assert_eq!(stats_of(&log.buffer).written, 1);
        assert_eq!(log.buffer.stop(EVER), Ok(()));
        writer.join().unwrap();
    });
}

#[test]
fn every_dropped_line_is_reported_once() {
    explore(|| {
        let (log, file) = Log::new(1);
        let writer = log.spawn_writer(file);
        let caller = log.spawn_caller(&[b"h\n", b"h\n", b"h\n"], Duration::ZERO);
        assert_eq!(log.buffer.stop(EVER), Ok(()));
        caller.join().unwrap();
        writer.join().unwrap();
        log.buffer.close_file().unwrap();
        assert_eq!(log.reported(), stats_of(&log.buffer).dropped_full);
    });
}

#[test]
fn a_reopening_is_honoured_however_soon_the_end_follows() {
    explore(|| {
        let (log, file) = Log::new(1);
        let writer = log.spawn_writer(file);
        let buffer = Arc::clone(&log.buffer);
        let reopening = thread::spawn(move || buffer.reopen().unwrap());
        assert_eq!(log.buffer.stop(EVER), Ok(()));
        reopening.join().unwrap();
        writer.join().unwrap();
        log.buffer.close_file().unwrap();
        assert_eq!(log.target.1.load(Relaxed), 2, "the first time and again");
    });
}
