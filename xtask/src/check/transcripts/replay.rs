//! Runs a block, and holds what it prints against what the text shows.

use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::block::{Step, steps};
use super::output::{Normal, Output};
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

/// What is not as the text shows it, and where in the text.
type Difference = (usize, String);

/// A block under way.
pub(super) struct Replay {
    session: Session,
    outputs: Vec<Output>,
    normal: Normal,
}

impl Replay {
    pub(super) fn start(root: &Path) -> Result<Self> {
        let port = free_port()?;
        Ok(Self {
            session: Session::start(root, port)?,
            outputs: Vec::new(),
            normal: Normal::new(port)?,
        })
    }

    /// Runs every command, up to the first difference.
    pub(super) fn block(mut self, block: &CodeBlock) -> Result<Option<Difference>> {
        for step in steps(block) {
            let differs = self.step(&step)?;
            if differs.is_some() {
                return Ok(differs);
            }
        }
        let mut outputs = self.outputs.iter();
        let rest = outputs.find_map(|output| output.next_line(&self.normal));
        Ok(rest.map(|rest| {
            let what = format!("a program in the background also printed '{rest}'");
            (block.line, what)
        }))
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
            if is_running && self.current().has_ended() {
                is_running = false;
                let is_alone = !self.outputs.iter().any(Output::is_background);
                deadline = Instant::now() + if is_alone { Duration::ZERO } else { LATE };
            }
            while let Some((first, rest)) = shown.split_first()
                && self.take(&first.1)
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
    fn take(&mut self, shown: &str) -> bool {
        let Some((current, earlier)) = self.outputs.split_last_mut() else {
            return false;
        };
        if shown == ELLIPSIS {
            current.allow_gaps();
            return true;
        }
        let shown = self.normal.line(shown);
        let background = earlier.iter_mut().filter(|output| output.is_background());
        std::iter::once(current)
            .chain(background)
            .any(|output| output.take(&shown, &self.normal))
    }

    /// What a command printed and the text does not show. Whoever goes on in the
    /// background is asked at the end of the block.
    fn surplus(&self, step: &Step) -> Option<Difference> {
        let current = self.current();
        let rest = current.next_line(&self.normal)?;
        let what = format!("`{}` also prints '{rest}'", step.command);
        (!current.is_background()).then_some((step.line, what))
    }

    /// What the text shows and nothing printed in time.
    fn shortage(&self, step: &Step, shown: &[(usize, String)]) -> Difference {
        let command = &step.command;
        let Some((line, text)) = shown.first() else {
            return (step.line, format!("`{command}` does not end"));
        };
        let printed = match self.current().next_line(&self.normal) {
            Some(printed) => format!("prints '{printed}'"),
            None => "prints nothing more".to_owned(),
        };
        (
            *line,
            format!("the text shows '{text}', but `{command}` {printed}"),
        )
    }
}

/// A port that no program listens at.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(text: &str) -> Option<Difference> {
        let dir = tempfile::tempdir().unwrap();
        let block = CodeBlock {
            info: String::new(),
            text: text.to_owned(),
            line: 1,
        };
        Replay::start(dir.path()).unwrap().block(&block).unwrap()
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
}
