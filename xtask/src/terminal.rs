//! Colour, progress and a pager: for a terminal, and only there.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Result;

/// Puts colours into a text, or leaves it as it is.
///
/// The decision is made once, before anything is written: taking the colours out of a
/// finished text again would also take out what a file says about them.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    coloured: bool,
}

impl Paint {
    /// The text that goes into files and pipes.
    pub(crate) const PLAIN: Self = Self { coloured: false };

    /// Coloured if stdout is a terminal, unless `NO_COLOR` and its relatives say otherwise.
    pub(crate) fn for_stdout() -> Self {
        let coloured = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        Self { coloured }
    }

    pub(crate) fn added(self, text: impl Display) -> String {
        self.styled(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn removed(self, text: impl Display) -> String {
        self.styled(AnsiColor::Red.on_default(), text)
    }

    pub(crate) fn place(self, text: impl Display) -> String {
        self.styled(AnsiColor::Cyan.on_default(), text)
    }

    pub(crate) fn heading(self, text: impl Display) -> String {
        self.styled(Style::new().bold(), text)
    }

    pub(crate) fn aside(self, text: impl Display) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    fn styled(self, style: Style, text: impl Display) -> String {
        match self.coloured {
            true => format!("{style}{text}{style:#}"),
            false => text.to_string(),
        }
    }
}

/// A line on stderr that says what is being done; it disappears with this value.
pub(crate) struct Progress;

impl Progress {
    pub(crate) fn show(&self, text: impl Display) {
        if io::stderr().is_terminal() {
            eprint!("\r\x1b[K{text}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

/// The pager where the user names none.
const PAGER: &str = "if command -v less >/dev/null; then less -FRX; else cat; fi";

/// Prints a long text: through `$PAGER` if stdout is a terminal, and as it is otherwise.
pub(crate) fn print(text: &str) -> Result<()> {
    let pager = env::var("PAGER").unwrap_or(PAGER.to_owned());
    let is_paged = io::stdout().is_terminal() && !pager.trim().is_empty();
    if is_paged && page(text, &pager) {
        return Ok(());
    }
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Has a pager show a text, and returns whether there is such a pager.
fn page(text: &str, pager: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", pager]).stdin(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    // A pager that the reader leaves early closes the pipe: the rest is not wanted.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(text.as_bytes());
    }
    // 127 is the shell's word for a command that it does not find.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_surround_the_text_or_are_left_out() {
        let coloured = Paint { coloured: true };
        assert_eq!(coloured.added("x"), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(Paint::PLAIN.added("x"), "x");
    }

    #[test]
    fn a_pager_gets_the_text_and_a_missing_one_is_noticed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let pager = format!("cat > {}", file.path().display());
        assert!(page("text", &pager));
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "text");
        assert!(
            page(&"x".repeat(1 << 20), "true"),
            "a reader that leaves early"
        );
        assert!(!page("text", "no-such-pager 2>/dev/null"));
    }
}
