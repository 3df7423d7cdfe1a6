//! Elog, and the loggers that a user would pick instead, each set up to lose nothing
//! and to write what Elog writes: time, thread, level, place and text.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use day06_elog::elog::{self, Elog};
use flexi_logger::{FileSpec, LoggerHandle, WriteMode};
use log::LevelFilter;
use log4rs::append::file::FileAppender;
use log4rs::config::{Appender, Root};
use log4rs::encode::pattern::PatternEncoder;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

/// What every line of the measurement contains, and no other.
pub(crate) const MARK: &str = "request ";

/// Nothing here takes that long, unless it hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Logger {
    ElogSync,
    Elog,
    TracingAppender,
    Flexi,
    Log4rs,
}

/// A logger that is set up. Three of them are the process's only one.
pub(crate) enum Running {
    Elog(elog::Guard),
    Tracing(WorkerGuard),
    Flexi(LoggerHandle),
    Log4rs,
}

impl Logger {
    pub(crate) const ALL: [Self; 5] = [
        Self::ElogSync,
        Self::Elog,
        Self::TracingAppender,
        Self::Flexi,
        Self::Log4rs,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ElogSync => "Elog, sync",
            Self::Elog => "Elog",
            Self::TracingAppender => "tracing-appender",
            Self::Flexi => "flexi_logger",
            Self::Log4rs => "log4rs",
        }
    }

    /// What it is called on the command line.
    pub(crate) fn argument(self) -> String {
        let value = self.to_possible_value();
        value.map_or(String::new(), |value| value.get_name().to_owned())
    }

    /// Starts the logger, which writes to a file.
    pub(crate) fn start(self, path: &Path) -> Result<Running> {
        Ok(match self {
            Self::ElogSync => Running::Elog(Elog::builder(path).synchronous(true).build()?),
            Self::Elog => Running::Elog(Elog::builder(path).build()?),
            Self::TracingAppender => Running::Tracing(start_tracing(path)?),
            Self::Flexi => Running::Flexi(start_flexi(path)?),
            Self::Log4rs => {
                start_log4rs(path)?;
                Running::Log4rs
            }
        })
    }
}

fn start_tracing(path: &Path) -> Result<WorkerGuard> {
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(false)
        .finish(File::create(path)?);
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_thread_ids(true)
        .with_file(true)
        .with_line_number(true)
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow!("tracing: {error}"))?;
    Ok(guard)
}

fn start_flexi(path: &Path) -> Result<LoggerHandle> {
    let logger = flexi_logger::Logger::try_with_str("info")?
        .log_to_file(FileSpec::try_from(path)?)
        .format(flexi_logger::with_thread)
        .write_mode(WriteMode::Async);
    Ok(logger.start()?)
}

fn start_log4rs(path: &Path) -> Result<()> {
    let encoder = PatternEncoder::new("{d(%Y/%m/%d-%H:%M:%S%.6f)} {I} {l} {f}:{L}] {m}{n}");
    let file = FileAppender::builder()
        .encoder(Box::new(encoder))
        .build(path)?;
    let root = Root::builder().appender("file").build(LevelFilter::Info);
    let config = log4rs::Config::builder()
        .appender(Appender::builder().build("file", Box::new(file)))
        .build(root)?;
    log4rs::init_config(config).context("log4rs")?;
    Ok(())
}

impl Running {
    pub(crate) fn log(&self, number: usize) {
        let (client, took) = (number % 977, number % 311);
        match self {
            Self::Elog(guard) => day06_elog::info!(
                logger: guard.logger(),
                "{MARK}{number} from client {client} answered in {took} us"
            ),
            Self::Tracing(_) => {
                tracing::info!("{MARK}{number} from client {client} answered in {took} us");
            }
            Self::Flexi(_) | Self::Log4rs => {
                log::info!("{MARK}{number} from client {client} answered in {took} us");
            }
        }
    }

    /// Returns when all lines are in the kernel's hands.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Elog(guard) => {
                guard.shutdown(TIMEOUT)?;
            }
            Self::Tracing(guard) => drop(guard),
            Self::Flexi(handle) => handle.shutdown(),
            Self::Log4rs => log::logger().flush(),
        }
        Ok(())
    }
}
