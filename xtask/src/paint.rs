//! Colour for a terminal, and only there.

use std::fmt::Display;
use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Puts colours into a text, or leaves it as it is.
///
/// The decision is made once, before anything is written: taking the colours out
/// of a finished text again would also take out what a file says about them.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    coloured: bool,
}

impl Paint {
    /// Coloured if stdout is a terminal, unless `NO_COLOR` and its relatives say
    /// otherwise.
    pub(crate) fn for_stdout() -> Self {
        Self {
            coloured: AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        }
    }

    /// The text that goes into files and pipes.
    pub(crate) const PLAIN: Self = Self { coloured: false };

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
        if self.coloured {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_surround_the_text_or_are_not_there() {
        let coloured = Paint { coloured: true };
        assert_eq!(coloured.added("x"), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(Paint::PLAIN.added("x"), "x");
    }
}
