//! Measuring loggers: what a call costs its caller, what all lines take, and whether
//! all of them arrive.

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use nix::sys::resource::{UsageWho, getrusage};
use programs::{Child, Machine};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::load::{histogram, record};
use crate::loggers::{Logger, MARK, Running};
use crate::options::Options;
use crate::results::{Estimate, Latency, LogReport, LoggerResult};
use crate::run::progress_bar;
use crate::{publish, table};

const LINES: usize = 1_000_000;
const QUICK_LINES: usize = 100_000;

const THREADS: [usize; 2] = [1, 4];

/// What one logger is to do, in a process of its own.
#[derive(Args)]
pub(crate) struct WriteOptions {
    logger: Logger,
    path: PathBuf,
    #[arg(long)]
    threads: usize,
    #[arg(long)]
    lines: usize,
    /// Time each call, which takes time too
    #[arg(long)]
    timed: bool,
}

/// What one process that wrote lines says of itself.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Written {
    pub(crate) seconds: f64,
    pub(crate) lost: usize,
    pub(crate) peak_mib: f64,
    /// None if the calls were not timed.
    pub(crate) latency: Option<Latency>,
}

/// A logger with a number of threads that call it, and what its rounds said.
struct Lane {
    logger: Logger,
    threads: usize,
    timed: Vec<Written>,
    untimed: Vec<Written>,
}

pub(crate) fn loggers(options: &Options) -> Result<()> {
    programs::end_children_on_interrupt()?;
    let lines = if options.quick { QUICK_LINES } else { LINES };
    let mut lanes: Vec<_> = THREADS
        .iter()
        .flat_map(|&threads| Logger::ALL.map(|logger| Lane::new(logger, threads)))
        .collect();
    let progress = progress_bar(lanes.len() * options.rounds())?;
    let dir = directory()?;
    for _ in 0..options.rounds() {
        for lane in &mut lanes {
            progress.set_message(lane.logger.name());
            let result = lane.round(lines, dir.path(), &progress);
            result.with_context(|| lane.logger.name())?;
        }
    }
    progress.finish_and_clear();
    let results = lanes
        .iter()
        .map(|lane| lane.result(lines))
        .collect::<Option<Vec<_>>>();
    let report = LogReport {
        machine: Machine::describe(),
        rounds: options.rounds(),
        lines,
        loggers: results.context("there was no round")?,
    };
    io::stdout().write_all(table::loggers(&report).as_bytes())?;
    if options.is_complete() {
        publish::loggers(&options.results()?, &report)
    } else {
        eprintln!("nothing is published: this was only a part of the measurements");
        Ok(())
    }
}

/// In memory where there is such a place: the disk is not what is measured.
fn directory() -> Result<TempDir> {
    let in_memory = Path::new("/dev/shm");
    let parent = if in_memory.is_dir() {
        in_memory.to_owned()
    } else {
        env::temp_dir()
    };
    tempfile::tempdir_in(parent).context("cannot make a directory for the logs")
}

impl Lane {
    fn new(logger: Logger, threads: usize) -> Self {
        Self {
            logger,
            threads,
            timed: Vec::new(),
            untimed: Vec::new(),
        }
    }

    fn round(&mut self, lines: usize, dir: &Path, progress: &ProgressBar) -> Result<()> {
        let path = dir.join("lines.log");
        self.timed.push(self.write(lines, &path, &["--timed"])?);
        self.untimed.push(self.write(lines, &path, &[])?);
        progress.inc(1);
        Ok(())
    }

    /// In a process of its own: most loggers cannot be set up twice, and memory that
    /// one has used would be the next one's.
    fn write(&self, lines: usize, path: &Path, options: &[&str]) -> Result<Written> {
        let this_program = env::current_exe().context("cannot find this program's file")?;
        let mut said = tempfile::tempfile()?;
        let mut command = Command::new(this_program);
        command
            .args(["write", &self.logger.argument()])
            .arg(path)
            .args(["--threads", &self.threads.to_string()])
            .args(["--lines", &lines.to_string()])
            .args(options)
            // It would change what Elog writes.
            .env_remove("ELOG")
            .stdout(said.try_clone()?);
        let status = Child::spawn(&mut command)?.finish()?;
        if !status.success() {
            bail!("it ended with {status}");
        }
        let mut text = String::new();
        said.rewind()?;
        said.read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    }

    fn result(&self, lines: usize) -> Option<LoggerResult> {
        let percentile = |value: fn(&Latency) -> u64| {
            let latencies = self
                .timed
                .iter()
                .filter_map(|written| written.latency.as_ref());
            Estimate::of(latencies.map(|latency| value(latency) as f64).collect())
        };
        let seconds = Estimate::of(self.untimed.iter().map(|written| written.seconds).collect())?;
        let all = self.timed.iter().chain(&self.untimed);
        Some(LoggerResult {
            logger: self.logger.name().to_owned(),
            threads: self.threads,
            p50_ns: percentile(|latency| latency.p50_ns)?,
            p99_ns: percentile(|latency| latency.p99_ns)?,
            p999_ns: percentile(|latency| latency.p999_ns)?,
            seconds,
            lines_per_second: lines as f64 / seconds.median,
            lost: all.map(|written| written.lost).sum(),
            peak_mib: Estimate::of(
                self.untimed
                    .iter()
                    .map(|written| written.peak_mib)
                    .collect(),
            )?
            .median,
        })
    }
}

/// One logger's process.
pub(crate) fn write(options: &WriteOptions) -> Result<()> {
    let path: &PathBuf = &options.path;
    File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let share = options.lines / options.threads.max(1);
    let running = options.logger.start(path)?;
    let start = Instant::now();
    let latencies = thread::scope(|scope| {
        let callers: Vec<_> = (0..options.threads)
            .map(|_| scope.spawn(|| call(&running, share, options.timed)))
            .collect();
        let mut all = histogram()?;
        for caller in callers {
            let latencies = caller
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.add(latencies?)?;
        }
        anyhow::Ok(all)
    })?;
    running.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    let written = Written {
        seconds,
        lost: (share * options.threads).saturating_sub(count_lines(path)?),
        peak_mib: getrusage(UsageWho::RUSAGE_SELF)?.max_rss() as f64 / 1024.0,
        latency: options.timed.then(|| Latency::of(&latencies)),
    };
    println!("{}", serde_json::to_string(&written)?);
    Ok(())
}

fn call(running: &Running, lines: usize, timed: bool) -> Result<Histogram<u64>> {
    let mut latencies = histogram()?;
    for number in 0..lines {
        if timed {
            let before = Instant::now();
            running.log(number);
            record(&mut latencies, before, Instant::now());
        } else {
            running.log(number);
        }
    }
    Ok(latencies)
}

/// The lines of the measurement that a log holds whole.
fn count_lines(path: &Path) -> Result<usize> {
    let mut count = 0;
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        count += usize::from(line.contains(MARK) && line.ends_with(" us"));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_lines_are_lost_lines() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let text =
            "# times are UTC\nhead] request 1 from client 1 answered in 1 us\nhead] request 2 fr";
        file.write_all(text.as_bytes()).unwrap();
        assert_eq!(count_lines(file.path()).unwrap(), 1);
    }

    #[test]
    fn every_logger_has_a_name_on_the_command_line() {
        assert_eq!(Logger::TracingAppender.argument(), "tracing-appender");
        assert_eq!(Logger::Log4rs.argument(), "log4rs");
    }
}
