//! Every order in which two callers, the writer and whoever flushes or stops can
//! run through the double buffer.
//!
//! The library's source is compiled here over loom's locks. Loom's waits never
//! time out, so whatever passes here does not need a tick to come to its rescue:
//! a wake-up that gets lost is a deadlock, which loom reports.

#[path = "../src/elog"]
mod elog {
    pub(crate) mod sync {
        pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    }

    pub(crate) mod deadline;
    #[allow(dead_code, reason = "some of it is for files and for forked children")]
    pub(crate) mod double_buffer;
    #[allow(dead_code, unreachable_pub, reason = "it is public in the library")]
    pub(crate) mod stats;
}

use std::time::Duration;

use elog::double_buffer::{Batch, DoubleBuffer, Push};
use loom::sync::Arc;
use loom::thread;

const EVER: Duration = Duration::from_secs(3600);

/// Lines of two bytes: the caller's letter and a line feed.
const LINE: usize = 2;

/// Explores all orders with at most two switches that no wait forces, which is
/// where the known bugs of this kind are.
fn explore(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(body);
}

/// The writer thread, with memory for a file and no disk that could fail.
fn spawn_writer(buffer: &Arc<DoubleBuffer>) -> thread::JoinHandle<Vec<u8>> {
    let buffer = Arc::clone(buffer);
    thread::spawn(move || {
        let mut file = Vec::new();
        let mut batch = Batch::with_capacity(LINE);
        while buffer.take(&mut batch, EVER) {
            assert_eq!(
                batch.bytes.len(),
                LINE * usize::try_from(batch.lines).unwrap()
            );
            file.extend_from_slice(&batch.bytes);
            buffer.settle(batch.lines);
        }
        buffer.close();
        file
    })
}

fn spawn_caller(buffer: &Arc<DoubleBuffer>, lines: &'static [&[u8]]) -> thread::JoinHandle<u64> {
    let buffer = Arc::clone(buffer);
    thread::spawn(move || {
        let queued = |line: &&&[u8]| buffer.push(line, false, EVER) == Push::Queued;
        u64::try_from(lines.iter().filter(queued).count()).unwrap()
    })
}

/// What of `file` is from the caller whose lines are `lines`.
fn of_caller(file: &[u8], lines: &[&[u8]]) -> Vec<u8> {
    file.chunks(LINE)
        .filter(|line| lines.contains(line))
        .flatten()
        .copied()
        .collect()
}

const A: &[&[u8]] = &[b"a\n", b"b\n"];
const B: &[&[u8]] = &[b"x\n"];

#[test]
fn two_callers_and_room_for_one_line_lose_nothing_and_keep_their_order() {
    explore(|| {
        let buffer = Arc::new(DoubleBuffer::new(LINE, LINE));
        let writer = spawn_writer(&buffer);
        let callers = [spawn_caller(&buffer, A), spawn_caller(&buffer, B)];
        let queued: u64 = callers.map(|caller| caller.join().unwrap()).iter().sum();
        assert_eq!(queued, 3);
        assert_eq!(buffer.stop(EVER), Ok(()));
        let file = writer.join().unwrap();
        assert_eq!(of_caller(&file, A), A.concat());
        assert_eq!(of_caller(&file, B), B.concat());
        assert_eq!(file.len(), 3 * LINE);
        let stats = buffer.stats();
        assert_eq!((stats.accepted, stats.written, stats.queued), (3, 3, 0));
    });
}

#[test]
fn a_stop_in_the_middle_writes_what_was_queued_and_closes_for_the_rest() {
    explore(|| {
        let buffer = Arc::new(DoubleBuffer::new(LINE, LINE));
        let writer = spawn_writer(&buffer);
        let callers = [spawn_caller(&buffer, &A[..1]), spawn_caller(&buffer, B)];
        assert_eq!(buffer.stop(EVER), Ok(()));
        let queued: u64 = callers.map(|caller| caller.join().unwrap()).iter().sum();
        let file = writer.join().unwrap();
        assert_eq!(file.len(), LINE * usize::try_from(queued).unwrap());
        let stats = buffer.stats();
        assert_eq!((stats.accepted, stats.written), (queued, queued));
        assert_eq!(buffer.push(b"z\n", true, EVER), Push::Closed);
    });
}

#[test]
fn a_flush_returns_when_what_was_queued_before_it_is_written() {
    explore(|| {
        // Large enough that nothing but the flush wakes the writer.
        let buffer = Arc::new(DoubleBuffer::new(8 * LINE, 8 * LINE));
        let writer = spawn_writer(&buffer);
        let caller = spawn_caller(&buffer, &A[..1]);
        assert_eq!(buffer.push(b"m\n", false, EVER), Push::Queued);
        assert_eq!(buffer.flush(EVER), Ok(()));
        assert!(buffer.stats().written >= 1);
        assert_eq!(caller.join().unwrap(), 1);
        assert_eq!(buffer.stop(EVER), Ok(()));
        assert_eq!(writer.join().unwrap().len(), 2 * LINE);
    });
}

#[test]
fn an_urgent_line_needs_no_tick() {
    explore(|| {
        let buffer = Arc::new(DoubleBuffer::new(8 * LINE, 8 * LINE));
        let taker = Arc::clone(&buffer);
        let writer = thread::spawn(move || {
            let mut batch = Batch::with_capacity(LINE);
            while batch.lines == 0 {
                assert!(taker.take(&mut batch, EVER));
            }
            batch.bytes
        });
        assert_eq!(buffer.push(b"e\n", true, EVER), Push::Queued);
        assert_eq!(writer.join().unwrap(), b"e\n");
    });
}

#[test]
fn a_flush_ends_the_pause_after_a_failed_write() {
    explore(|| {
        let buffer = Arc::new(DoubleBuffer::new(LINE, LINE));
        let failing = Arc::clone(&buffer);
        let writer = thread::spawn(move || {
            let mut batch = Batch::with_capacity(LINE);
            while failing.take(&mut batch, EVER) {
                if batch.lines > 0 {
                    assert!(failing.pause(EVER));
                    failing.settle(batch.lines);
                }
            }
            failing.close();
        });
        assert_eq!(buffer.push(b"m\n", false, EVER), Push::Queued);
        assert_eq!(buffer.flush(EVER), Ok(()));
        assert_eq!(buffer.stats().written, 1);
        assert_eq!(buffer.stop(EVER), Ok(()));
        writer.join().unwrap();
    });
}

#[test]
fn every_dropped_line_is_told_to_somebody_once() {
    explore(|| {
        let buffer = Arc::new(DoubleBuffer::new(LINE, LINE));
        let taker = Arc::clone(&buffer);
        let writer = thread::spawn(move || {
            let mut told = 0;
            let mut batch = Batch::with_capacity(LINE);
            while taker.take(&mut batch, EVER) {
                told += batch.dropped;
                taker.settle(batch.lines);
            }
            taker.close();
            told
        });
        let hasty = Arc::clone(&buffer);
        let caller = thread::spawn(move || {
            let pushes = [0; 3].map(|_| hasty.push(b"h\n", false, Duration::ZERO));
            pushes.iter().filter(|&&push| push == Push::Dropped).count()
        });
        assert_eq!(buffer.stop(EVER), Ok(()));
        let dropped = u64::try_from(caller.join().unwrap()).unwrap();
        let told = writer.join().unwrap();
        assert_eq!(told + buffer.take_untold(), dropped);
        assert_eq!(buffer.stats().dropped_full, dropped);
    });
}
