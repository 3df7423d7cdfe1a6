//! Figures and plots where the README and the lessons find them.

use std::path::Path;

use anyhow::Result;

use crate::atomic;
use crate::plot;
use crate::results::{LogReport, ServerReport};

pub(crate) fn servers(dir: &Path, report: &ServerReport) -> Result<()> {
    // Everything is ready before anything is replaced.
    let mut files = vec![(
        "servers.json".to_owned(),
        serde_json::to_string_pretty(report)? + "\n",
    )];
    for scenario in &report.scenarios {
        files.push((format!("{}.svg", scenario.key), plot::scenario(scenario)));
    }
    files.push(("idle.svg".to_owned(), plot::idle(&report.idle)));
    write_all(dir, &files)
}

pub(crate) fn loggers(dir: &Path, report: &LogReport) -> Result<()> {
    let files = [
        (
            "log.json".to_owned(),
            serde_json::to_string_pretty(report)? + "\n",
        ),
        ("log-call.svg".to_owned(), plot::log_call(&report.loggers)),
        ("log-total.svg".to_owned(), plot::log_total(&report.loggers)),
    ];
    write_all(dir, &files)
}

/// Replaces files, each of them at once: whoever interrupts the program finds the old
/// figures or the new ones.
fn write_all(dir: &Path, files: &[(String, String)]) -> Result<()> {
    for (name, text) in files {
        let path = dir.join(name);
        atomic::write(&path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
