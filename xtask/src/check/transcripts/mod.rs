//! Commands print what the texts show.

mod compare;
mod session;

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{CodeBlock, Document};
use compare::{Normal, Output};
use session::Session;

const INFO: &str = "console run";

/// How long a command may take. What it needs is built before the first one.
const COMMAND: Duration = Duration::from_secs(60);

/// How long the programs in the background may take to print what is shown below
/// a command that has ended.
const LATE: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(10);

const MEND: &str = "run the block's commands by hand, and show what they print";

/// A command and what the text shows below it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    command: String,
    /// Each line with its number in the text.
    shown: Vec<(usize, String)>,
    line: usize,
}

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    let mut is_built = false;
    for document in course.documents()? {
        for block in document.code_blocks() {
            if block.info != INFO {
                continue;
            }
            if !is_built {
                build(course)?;
                is_built = true;
            }
            drifts.extend(check_block(course, &document, &block)?);
        }
    }
    Ok(drifts)
}

fn build(course: &Course) -> Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--quiet"])
        .current_dir(&course.root)
        .stdout(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    anyhow::ensure!(status.success(), "the days do not build");
    Ok(())
}

fn check_block(course: &Course, document: &Document, block: &CodeBlock) -> Result<Option<Drift>> {
    let port = free_port()?;
    let normal = Normal::new(port)?;
    let mut session = Session::start(&course.root, port)?;
    let mut outputs: Vec<Output> = Vec::new();
    for step in steps(block) {
        let is_background = session.run(&step.command)?;
        outputs.push(Output::new(is_background));
        if let Err((line, what)) = follow(&mut session, &mut outputs, &step, &normal)? {
            return Ok(Some(Drift::new(&document.path, line, what, MEND)));
        }
    }
    let rest = outputs.iter().find_map(|output| output.next_line(&normal));
    Ok(rest.map(|rest| {
        let what = format!("a program in the background also printed '{rest}'");
        Drift::new(&document.path, block.line, what, MEND)
    }))
}

/// Waits until a step's command has printed what is shown, and has ended if it is
/// to end. What differs is returned with its line.
fn follow(
    session: &mut Session,
    outputs: &mut [Output],
    step: &Step,
    normal: &Normal,
) -> Result<Result<(), (usize, String)>> {
    let started = Instant::now();
    let mut ended_at = None;
    let mut shown = step.shown.iter().peekable();
    let mut skipping = false;
    let current = outputs.len() - 1;
    loop {
        for (at, output) in outputs.iter_mut().enumerate() {
            output.update(session.output(at)?, session.has_ended(at));
        }
        if session.has_ended(current) || outputs[current].is_background {
            ended_at.get_or_insert_with(Instant::now);
        }
        while let Some((_, line)) = shown.peek() {
            if line == "…" {
                skipping = true;
            } else if compare::take(outputs, current, &normal.line(line), skipping, normal) {
                skipping = false;
            } else {
                break;
            }
            shown.next();
        }
        let out_of_time = match ended_at {
            Some(ended_at) if !outputs[current].is_background => ended_at.elapsed() > LATE,
            _ => started.elapsed() > COMMAND,
        };
        match shown.peek() {
            None if outputs[current].is_background => return Ok(Ok(())),
            None if ended_at.is_some() => {
                let rest = outputs[current].next_line(normal).filter(|_| !skipping);
                if skipping {
                    outputs[current].skip_rest();
                }
                return Ok(match rest {
                    Some(rest) => Err((
                        step.line,
                        format!("`{}` also prints '{rest}'", step.command),
                    )),
                    None => Ok(()),
                });
            }
            None if out_of_time => {
                return Ok(Err((step.line, format!("`{}` does not end", step.command))));
            }
            Some((line, text)) if out_of_time => {
                let printed = match outputs[current].next_line(normal) {
                    Some(printed) => format!("prints '{printed}'"),
                    None => "prints nothing more".to_owned(),
                };
                return Ok(Err((
                    *line,
                    format!("the text shows '{text}', but `{}` {printed}", step.command),
                )));
            }
            _ => thread::sleep(POLL),
        }
    }
}

/// The commands of a block. A command that ends in `\` goes on in the next line.
fn steps(block: &CodeBlock) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_open = false;
    for (at, line) in block.text.lines().enumerate() {
        let number = block.line + 1 + at;
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (_, Some(step)) if is_open => {
                step.command.push('\n');
                step.command += line.strip_prefix("> ").unwrap_or(line);
                is_open = line.ends_with('\\');
            }
            (Some(command), _) => {
                steps.push(Step {
                    command: command.to_owned(),
                    line: number,
                    ..Step::default()
                });
                is_open = line.ends_with('\\');
            }
            (None, Some(step)) => step.shown.push((number, line.trim_end().to_owned())),
            // What stands before the first command is nobody's output.
            (None, None) => {}
        }
    }
    steps
}

/// A port that no program listens at.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_commands_with_their_output() {
        let text = "$ cargo run &\nlistening\n$ printf x \\\n> | nc\nEcho: x\n\n$ true\n";
        let block = CodeBlock {
            info: INFO.to_owned(),
            text: text.to_owned(),
            line: 10,
        };
        let steps = steps(&block);
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0].shown, [(12, "listening".to_owned())]);
        assert_eq!(
            (steps[1].command.as_str(), steps[1].line),
            ("printf x \\\n| nc", 13)
        );
        assert_eq!(
            steps[1].shown,
            [(15, "Echo: x".to_owned()), (16, String::new())]
        );
        assert!(steps[2].shown.is_empty());
    }
}
