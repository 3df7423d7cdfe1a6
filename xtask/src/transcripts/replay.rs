//! Runs a block, and compares what it prints with what the text shows.

use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Line;
use super::block::{Step, steps};
use super::output::{Exactness, Normal, Output};
use super::session::Session;
use crate::markdown::CodeBlock;

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(60);

/// How long the programs in the background may take to print what is shown below
/// a command that has ended.
const LATE: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(10);

/// A line that stands for any number of lines.
const ELLIPSIS: &str = "…";

/// How a block differs from the text, and at which line.
type Difference = Line;

/// The outcome of a block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) difference: Option<Difference>,
    /// The lines that were found, as they were printed this time.
    pub(super) printed: Vec<Line>,
}

/// A block under way.
pub(super) struct Replay {
    session: Session,
    outputs: Vec<Output>,
    normal: Normal,
    printed: Vec<Line>,
}

impl Replay {
    pub(super) fn start(root: &Path, exactness: Exactness) -> Result<Self> {
        let port = free_port()?;
        Ok(Self {
            session: Session::start(root, port)?,
            outputs: Vec::new(),
            normal: Normal::new(port, exactness)?,
            printed: Vec::new(),
        })
    }

    /// Runs every command, up to the first difference.
    pub(super) fn block(mut self, block: &CodeBlock) -> Result<Outcome> {
        let mut difference = None;
        for step in steps(block)? {
            difference = self.step(&step)?;
            if difference.is_some() {
                break;
            }
        }
        let mut outputs = self.outputs.iter();
        let surplus = outputs.find_map(|output| output.next_line(&self.normal));
        let surplus = surplus.map(|line| {
            let what = format!("a program in the background also printed '{line}'");
            (block.line, what)
        });
        let (difference, printed) = (difference.or(surplus), self.printed);
        Ok(Outcome {
            difference,
            printed,
        })
    }

    /// Runs a command until all that is shown is printed, and until it has ended
    /// unless it goes on in the background.
    fn step(&mut self, step: &Step) -> Result<Option<Difference>> {
        let is_background = self.session.run(&step.command)?;
        self.outputs.push(Output::new(is_background));
        let mut shown = step.shown.as_slice();
        let mut is_running = !is_background;
        let mut deadline = Instant::now() + COMMAND;
        loop {
            self.update()?;
            if is_running && self.current().has_ended {
                is_running = false;
                let is_alone = !self.outputs.iter().any(|output| output.is_background);
                deadline = Instant::now() + if is_alone { Duration::ZERO } else { LATE };
            }
            while let Some((first, rest)) = shown.split_first()
                && self.take(first)
            {
                shown = rest;
            }
            if shown.is_empty() && !is_running {
                return Ok(self.surplus(step));
            }
            if Instant::now() > deadline {
                return Ok(Some(self.shortage(step, shown)));
            }
            thread::sleep(POLL);
        }
    }

    fn current(&self) -> &Output {
        &self.outputs[self.outputs.len() - 1]
    }

    fn update(&mut self) -> Result<()> {
        for (command, output) in self.outputs.iter_mut().enumerate() {
            // In this order: what is read after the end is all there will be.
            let has_ended = self.session.has_ended(command);
            output.update(&self.session.output(command)?, has_ended);
        }
        Ok(())
    }

    /// Finds a shown line in what the current command printed, or else a program
    /// in the background.
    fn take(&mut self, (number, shown): &Line) -> bool {
        let Some((current, earlier)) = self.outputs.split_last_mut() else {
            return false;
        };
        if shown == ELLIPSIS {
            current.allow_gaps();
            return true;
        }
        let line = self.normal.line(shown);
        let background = earlier.iter_mut().filter(|output| output.is_background);
        let mut all = std::iter::once(current).chain(background);
        let found = all.find_map(|output| output.take(&line, &self.normal));
        if let Some(printed) = found
            && !shown.contains(ELLIPSIS)
        {
            self.printed.push((*number, self.normal.as_shown(printed)));
        }
        found.is_some()
    }

    /// What a command printed and the text does not show. For a program in the background,
    /// this is found out at the end of the block.
    fn surplus(&self, step: &Step) -> Option<Difference> {
        let current = self.current();
        let rest = current.next_line(&self.normal)?;
        let what = format!("`{}` also prints '{rest}'", step.command);
        (!current.is_background).then_some((step.line, what))
    }

    /// What the text shows and no program printed in time.
    fn shortage(&self, step: &Step, shown: &[(usize, String)]) -> Difference {
        let command = &step.command;
        let Some((line, text)) = shown.first() else {
            return (step.line, format!("`{command}` does not end"));
        };
        let printed = self.current().next_line(&self.normal);
        let printed = printed.map_or("nothing more".to_owned(), |line| format!("'{line}'"));
        let what = format!("the text shows '{text}', but `{command}` prints {printed}");
        (*line, what)
    }
}

/// A port on which no program listens.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str, exactness: Exactness) -> Outcome {
        let dir = tempfile::tempdir().unwrap();
        let block = CodeBlock {
            info: String::new(),
            text: text.to_owned(),
            line: 1,
        };
        let replay = Replay::start(dir.path(), exactness).unwrap();
        replay.block(&block).unwrap()
    }

    fn differs(text: &str) -> Option<Difference> {
        outcome(text, Exactness::Everything).difference
    }

    #[test]
    fn what_is_shown_is_printed() {
        assert_eq!(differs("$ printf 'a\\nb'\na\nb\n$ true\n"), None);
        let gaps = "$ seq 9\n1\n…\n5\n$ echo 'took 3 ms'\ntook … ms\n";
        assert_eq!(differs(gaps), None);
        let what = "the text shows 'c', but `echo a; echo b` prints 'b'".to_owned();
        assert_eq!(differs("$ echo a; echo b\na\nc\n"), Some((4, what)));
    }

    #[test]
    fn what_is_printed_is_shown() {
        let what = "`echo a; echo b` also prints 'b'".to_owned();
        assert_eq!(differs("$ echo a; echo b\na\n"), Some((2, what)));
    }

    #[test]
    fn the_background_may_print_below_any_later_command() {
        // It prints what it was sent before it answers.
        let server = "echo up; read line <in; echo $line; echo done >out";
        let start = format!("$ mkfifo in out\n$ {{ {server}; }} &\nup\n$ echo x >in; cat out\n");
        assert_eq!(differs(&format!("{start}x\ndone\n")), None);
        assert_eq!(differs(&format!("{start}done\nx\n")), None);
        let what = "a program in the background also printed 'x'".to_owned();
        assert_eq!(differs(&format!("{start}done\n")), Some((1, what)));
    }
    #[test]
    fn a_measurement_is_taken_anew_where_the_words_are_the_same() {
        let text = "$ cat <<END\n12 MB in   3 s\ntook 4 ms\nEND\n7 MB in 1.5 s\ntook … ms\n";
        let outcome = outcome(text, Exactness::Words);
        assert_eq!(outcome.difference, None);
        assert_eq!(outcome.printed, [(6, "12 MB in   3 s".to_owned())]);
    }

    #[test]
    fn a_job_is_known_by_its_process_id() {
        let text = "$ sleep 100 & job=$!\n$ kill $job; wait $job; echo $?\n143\n";
        assert_eq!(differs(text), None);
    }
}
