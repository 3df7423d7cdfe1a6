//! What a log call costs its caller, and what a million of them cost in all.
//!
//! ```text
//! cargo run --release -p day06-elog --example elog_bench -- [LINES] [FILE]
//! ```
//!
//! Each row is a fresh logger. The percentiles come from one run that reads the
//! clock between the calls (which costs some 25 ns and is part of the figures),
//! the total from another run that does not, from the first call to the last line
//! in the kernel's hands. The file should be on a disk in memory, or the figures
//! are the disk's.

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use day06_elog as reactor;

use reactor::elog::{Elog, Guard, Level};

const QUICK: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let lines = args.next().map_or(Ok(QUICK), |lines| lines.parse())?;
    let path = args.next().map_or_else(default_path, PathBuf::from);

    println!("{lines} lines of about 100 bytes to {}", path.display());
    println!("| mode  | threads | p50 ns | p99 ns | total s | peak RSS MB |");
    println!("|-------|---------|--------|--------|---------|-------------|");
    for (name, synchronous) in [("async", false), ("sync", true)] {
        for threads in [1, 4] {
            let (p50, p99) = measure_calls(&path, synchronous, threads, lines)?;
            let total = measure_total(&path, synchronous, threads, lines)?.as_secs_f64();
            let memory = peak_memory_mb().unwrap_or(0);
            println!("| {name:5} | {threads:7} | {p50:6} | {p99:6} | {total:7.3} | {memory:11} |");
        }
    }
    println!("a filtered call: {:.2} ns", measure_filtered(&path)?);
    fs::remove_file(&path)?;
    Ok(())
}

fn default_path() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        memory.to_owned()
    } else {
        env::temp_dir()
    };
    dir.join(format!("elog-bench-{}.log", std::process::id()))
}

fn start(path: &Path, synchronous: bool) -> Result<Guard, Box<dyn Error>> {
    fs::write(path, "")?;
    Ok(Elog::builder(path).synchronous(synchronous).build()?)
}

/// Ends the logger and makes sure that it has lost nothing.
fn finish(guard: Guard, path: &Path, lines: usize) -> Result<(), Box<dyn Error>> {
    guard.shutdown(Duration::from_secs(60))?;
    let content = fs::read(path)?;
    let written = content.iter().filter(|&&byte| byte == b'\n').count();
    if written != lines + 1 {
        return Err(format!("{written} lines in the file instead of {}", lines + 1).into());
    }
    Ok(())
}

fn log_one(logger: Elog, i: usize) {
    reactor::info!(logger: logger, "request {i} from client {} answered in {} us", i % 977, i % 311);
}

/// The median and the 99th percentile of single calls, in nanoseconds.
fn measure_calls(
    path: &Path,
    synchronous: bool,
    threads: usize,
    lines: usize,
) -> Result<(u128, u128), Box<dyn Error>> {
    let guard = start(path, synchronous)?;
    let logger = guard.logger();
    let share = lines / threads;
    let mut durations: Vec<Duration> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(move || {
                    let mut durations = Vec::with_capacity(share);
                    let mut before = Instant::now();
                    for i in 0..share {
                        log_one(logger, i);
                        let after = Instant::now();
                        durations.push(after - before);
                        before = after;
                    }
                    durations
                })
            })
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| handle.join().unwrap_or_default())
            .collect()
    });
    finish(guard, path, share * threads)?;
    durations.sort_unstable();
    let percentile = |percent: usize| durations[durations.len() * percent / 100].as_nanos();
    Ok((percentile(50), percentile(99)))
}

fn measure_total(
    path: &Path,
    synchronous: bool,
    threads: usize,
    lines: usize,
) -> Result<Duration, Box<dyn Error>> {
    let guard = start(path, synchronous)?;
    let logger = guard.logger();
    let share = lines / threads;
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(move || (0..share).for_each(|i| log_one(logger, i)));
        }
    });
    logger.flush(Duration::from_secs(60))?;
    let took = began.elapsed();
    finish(guard, path, share * threads)?;
    Ok(took)
}

fn measure_filtered(path: &Path) -> Result<f64, Box<dyn Error>> {
    const CALLS: u32 = 10_000_000;
    let guard = Elog::builder(path).level(Level::Info).init()?;
    let began = Instant::now();
    for i in 0..CALLS {
        reactor::debug!("request {}", black_box(i));
    }
    let per_call = began.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS);
    drop(guard);
    Ok(per_call)
}

/// The highest resident set so far, the table of durations included.
fn peak_memory_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024)
}
