//! What a log call costs its caller, what many of them cost in all, and what each
//! improvement over LevelDB's logger is worth.
//!
//! ```text
//! cargo run --release -p day06-elog --example elog_bench -- [LINES] [FILE]
//! ```
//!
//! Each row is a fresh logger. The totals come first, from the first call to the
//! last line in the kernel's hands; the percentiles come from another run that
//! reads the clock between the calls, which costs some 25 ns and is part of the
//! figures. The file should be on a disk in memory, or the figures are the disk's.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use day06_elog as reactor;

use reactor::elog::{Elog, Guard, Level};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const QUICK: usize = 100_000;

/// Nothing here takes that long, unless it hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let lines = args.next().map_or(Ok(QUICK), |lines| lines.parse())?;
    let path = args.next().map_or_else(default_path, PathBuf::from);

    let mut rows = Vec::new();
    for step in [Step::LevelDb, Step::Synchronous, Step::Asynchronous] {
        for threads in [1, 4] {
            rows.push((step, threads, measure_total(step, &path, threads, lines)?));
        }
    }
    let memory = peak_memory_mb();

    println!("{lines} lines of about 100 bytes to {}", path.display());
    println!("| logger                        | threads | total s | p50 ns | p99 ns |");
    println!("|-------------------------------|---------|---------|--------|--------|");
    for (step, threads, total) in rows {
        let (p50, p99) = measure_calls(step, &path, threads, lines)?;
        let (name, total) = (step.name(), total.as_secs_f64());
        println!("| {name:29} | {threads:7} | {total:7.3} | {p50:6} | {p99:6} |");
    }
    println!("a filtered call: {:.2} ns", measure_filtered(&path)?);
    if let Some(memory) = memory {
        println!("peak memory of the runs for the totals: {memory} MB");
    }
    fs::remove_file(&path)?;
    Ok(())
}

fn default_path() -> PathBuf {
    let in_memory = Path::new("/dev/shm");
    let dir = if in_memory.is_dir() {
        in_memory.to_owned()
    } else {
        env::temp_dir()
    };
    dir.join(format!("elog-bench-{}.log", process::id()))
}

/// The loggers in the order in which the lesson builds them.
#[derive(Clone, Copy)]
enum Step {
    LevelDb,
    Synchronous,
    Asynchronous,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Step::LevelDb => "like LevelDB's",
            Step::Synchronous => "+ fixed buffer, cached header",
            Step::Asynchronous => "+ double buffer",
        }
    }

    fn start(self, path: &Path) -> Result<Running> {
        File::create(path)?;
        let elog = |synchronous| Elog::builder(path).synchronous(synchronous).build();
        Ok(match self {
            Step::LevelDb => Running::LevelDb(File::options().append(true).open(path)?),
            Step::Synchronous => Running::Elog(elog(true)?),
            Step::Asynchronous => Running::Elog(elog(false)?),
        })
    }
}

enum Running {
    LevelDb(File),
    Elog(Guard),
}

impl Running {
    fn log(&self, i: usize) {
        let (client, took) = (i % 977, i % 311);
        match self {
            Running::LevelDb(file) => log_like_leveldb(
                file,
                format_args!("request {i} from client {client} answered in {took} us"),
            ),
            Running::Elog(guard) => reactor::info!(
                logger: guard.logger(),
                "request {i} from client {client} answered in {took} us"
            ),
        }
    }

    fn flush(&self) -> Result<()> {
        match self {
            Running::LevelDb(_) => Ok(()),
            Running::Elog(guard) => Ok(guard.logger().flush(TIMEOUT)?),
        }
    }

    /// Ends the logger and makes sure that it has lost nothing.
    fn finish(self, path: &Path, lines: usize) -> Result<()> {
        drop(self);
        let mut written = 0;
        for line in BufReader::new(File::open(path)?).lines() {
            written += usize::from(!line?.starts_with("# "));
        }
        if written == lines {
            Ok(())
        } else {
            Err(format!("{written} lines in the file instead of {lines}").into())
        }
    }
}

/// Asks for the time zone's rules, the thread's id and memory for each line.
fn log_like_leveldb(mut file: &File, args: std::fmt::Arguments<'_>) {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = libc::time_t::try_from(now.as_secs()).unwrap_or_default();
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are valid for the call.
    unsafe { libc::localtime_r(&raw const seconds, tm.as_mut_ptr()) };
    // SAFETY: all of it is numbers and a pointer, for which zeros are valid.
    let tm = unsafe { tm.assume_init() };
    // SAFETY: takes nothing, cannot fail.
    let thread = unsafe { libc::gettid() };
    let line = format!(
        "{:04}/{:02}/{:02}-{:02}:{:02}:{:02}.{:06} {thread} INFO  elog_bench.rs:100] {args}\n",
        tm.tm_year + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        now.subsec_micros(),
    );
    // What is lost is found when the lines are counted.
    let _ = file.write_all(line.as_bytes());
}

fn measure_total(step: Step, path: &Path, threads: usize, lines: usize) -> Result<Duration> {
    let running = step.start(path)?;
    let share = lines / threads;
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..share).for_each(|i| running.log(i)));
        }
    });
    running.flush()?;
    let took = began.elapsed();
    running.finish(path, share * threads)?;
    Ok(took)
}

/// The median and the 99th percentile of single calls, in nanoseconds.
fn measure_calls(step: Step, path: &Path, threads: usize, lines: usize) -> Result<(u128, u128)> {
    let running = step.start(path)?;
    let share = lines / threads;
    let time_calls = || {
        let mut durations = Vec::with_capacity(share);
        let mut before = Instant::now();
        for i in 0..share {
            running.log(i);
            let after = Instant::now();
            durations.push(after - before);
            before = after;
        }
        durations
    };
    let mut durations: Vec<Duration> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(time_calls)).collect();
        handles
            .into_iter()
            .flat_map(|handle| handle.join().unwrap_or_default())
            .collect()
    });
    running.finish(path, share * threads)?;
    durations.sort_unstable();
    let percentile = |percent: usize| {
        let at = durations.len() * percent / 100;
        durations.get(at).map_or(0, Duration::as_nanos)
    };
    Ok((percentile(50), percentile(99)))
}

fn measure_filtered(path: &Path) -> Result<f64> {
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

/// The highest resident set so far (`VmHWM`,
/// [proc_pid_status(5)](https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)).
fn peak_memory_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes.div_ceil(1024))
}
