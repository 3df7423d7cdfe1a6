//! Figures and plots where the README and the lessons find them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::atomic;
use crate::markdown;
use crate::plot;
use crate::results::{LogReport, ServerReport};

const SERVERS: &str = "servers.json";
const LOGGERS: &str = "log.json";

/// A file's name and its text.
pub(crate) type File = (String, String);

pub(crate) fn servers(dir: &Path, report: &ServerReport) -> Result<()> {
    // Everything is ready before anything is replaced.
    let mut files = vec![(
        SERVERS.to_owned(),
        serde_json::to_string_pretty(report)? + "\n",
    )];
    files.extend(server_plots(report)?);
    files.extend(markdown::servers(report, &days(report)));
    write_all(dir, &files)
}

pub(crate) fn loggers(dir: &Path, report: &LogReport) -> Result<()> {
    let mut files = vec![(
        LOGGERS.to_owned(),
        serde_json::to_string_pretty(report)? + "\n",
    )];
    files.extend(logger_plots(report)?);
    files.extend(markdown::loggers(report));
    write_all(dir, &files)
}

/// The plots and tables of what has been published.
pub(crate) fn draw(dir: &Path) -> Result<()> {
    let mut files = tables(dir)?;
    files.extend(server_plots(&read(&dir.join(SERVERS))?)?);
    files.extend(logger_plots(&read(&dir.join(LOGGERS))?)?);
    write_all(dir, &files)
}

/// The tables of what has been published.
pub(crate) fn tables(dir: &Path) -> Result<Vec<File>> {
    let report: ServerReport = read(&dir.join(SERVERS))?;
    let mut files = markdown::servers(&report, &days(&report));
    files.extend(markdown::loggers(&read(&dir.join(LOGGERS))?));
    Ok(files)
}

fn server_plots(report: &ServerReport) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for scenario in &report.scenarios {
        files.push((format!("{}.svg", scenario.key), plot::scenario(scenario)?));
    }
    files.push(("idle.svg".to_owned(), plot::idle(&report.idle)?));
    for day in days(report) {
        files.push((format!("day{day}.svg"), plot::day(day, &report.scenarios)?));
    }
    Ok(files)
}

/// The days that took part, by their numbers.
fn days(report: &ServerReport) -> Vec<usize> {
    let results = report
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.servers);
    let numbers = results.filter_map(|result| result.server.strip_prefix("day ")?.parse().ok());
    numbers.collect::<BTreeSet<_>>().into_iter().collect()
}

fn logger_plots(report: &LogReport) -> Result<Vec<File>> {
    Ok(vec![
        ("log-call.svg".to_owned(), plot::log_call(&report.loggers)?),
        (
            "log-total.svg".to_owned(),
            plot::log_total(&report.loggers)?,
        ),
    ])
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not what bench wrote", path.display()))
}

/// Replaces files, each of them at once: an interrupted program leaves the old
/// figures or the new ones.
fn write_all(dir: &Path, files: &[File]) -> Result<()> {
    for (name, text) in files {
        let path = dir.join(name);
        atomic::write(&path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
