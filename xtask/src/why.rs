//! The one sentence that says why a day changes what it changes: `why.toml`.
//!
//! ```toml
//! [[why]]
//! file = "src/lib.rs"      # for every hunk of the file that has no sentence of its own
//! en = "The new module joins the library."
//! zh = "…"
//!
//! [[why]]
//! file = "src/epoll.rs"
//! at = "fn update_channel" # for the hunks that change a line with this text
//! en = "…"
//! ```

use anyhow::Result;
use serde::Deserialize;
use toml::Spanned;

use crate::course::{Course, Day};
use crate::diff::{FileDiff, Hunk};
use crate::drift::{Drift, line_of};
use crate::markdown::Language;

/// Every sentence of a day.
#[derive(Default)]
pub(crate) struct Whys(pub(crate) Vec<Why>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    why: Vec<Spanned<Why>>,
}

/// The sentence for a file, or for some of its hunks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    pub(crate) file: String,
    /// A text in one of the hunk's changed lines.
    pub(crate) at: Option<String>,
    en: String,
    pub(crate) zh: Option<String>,
    /// Where the entry is in `why.toml`.
    #[serde(skip)]
    pub(crate) line: usize,
}

/// A day's sentences.
pub(crate) const FILE: &str = "why.toml";

impl Whys {
    /// The sentences of a day, or nothing if the day has no why.toml.
    pub(crate) fn of(course: &Course, day: &Day) -> Result<Option<Self>> {
        let path = format!("{}/{FILE}", day.name);
        let text = course.text(&path)?;
        Ok(text.map(|text| Self::parse(&path, &text)).transpose()?)
    }

    fn parse(path: &str, text: &str) -> Result<Self, Drift> {
        let drift = |at: usize, what: &str| {
            let mend = "CONTRIBUTING.md shows the form of why.toml";
            Drift::new(path, line_of(text, at), what, mend)
        };
        let file = toml::from_str::<File>(text)
            .map_err(|error| drift(error.span().map_or(0, |span| span.start), error.message()))?;
        let mut whys = Vec::new();
        for entry in file.why {
            let at = entry.span().start;
            let why = Why {
                line: line_of(text, at),
                ..entry.into_inner()
            };
            let texts = [
                Some(&why.file),
                why.at.as_ref(),
                Some(&why.en),
                why.zh.as_ref(),
            ];
            let is_one_line = |text: &String| text.lines().count() == 1;
            if !texts.into_iter().flatten().all(is_one_line) {
                return Err(drift(at, "each text of an entry is one line"));
            }
            whys.push(why);
        }
        Ok(Self(whys))
    }

    /// The sentence about a file as a whole.
    pub(crate) fn of_file(&self, file: &FileDiff) -> Option<&Why> {
        let is_it = |why: &&Why| why.file == file.path && why.at.is_none();
        self.0.iter().find(is_it)
    }

    /// The sentence about this hunk in particular.
    pub(crate) fn of_hunk(&self, file: &FileDiff, hunk: &Hunk) -> Option<&Why> {
        self.0.iter().find(|why| why.is_about(file, hunk))
    }

    /// Every sentence about a file, the one about all of it first, and each once.
    pub(crate) fn about(&self, file: &FileDiff) -> Vec<&Why> {
        let is_about = |why: &&Why| file.hunks.iter().any(|hunk| why.is_about(file, hunk));
        let of_hunks = self.0.iter().filter(is_about);
        self.of_file(file).into_iter().chain(of_hunks).collect()
    }
}

impl Why {
    /// The sentence in a language, or in English as long as there is no translation.
    pub(crate) fn sentence(&self, language: Language) -> &str {
        language.of(&self.en, self.zh.as_ref().unwrap_or(&self.en))
    }

    pub(crate) fn is_about(&self, file: &FileDiff, hunk: &Hunk) -> bool {
        let at = self.at.as_ref();
        self.file == file.path && at.is_some_and(|at| hunk.changes(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Whys, String> {
        Whys::parse("why.toml", text).map_err(|drift| drift.to_string())
    }

    #[test]
    fn a_hunk_has_its_own_sentence_or_its_files() {
        let whys = parse(
            "[[why]]\nfile = 'a'\nen = 'All.'\nzh = '都。'\n\n[[why]]\nfile = 'a'\nat = 'new'\nen = 'One.'\n",
        )
        .unwrap();
        let file = FileDiff::new("a", Some("x\n".to_owned()), Some("x\nnew\n".to_owned()));
        let of_file = whys.of_file(&file).unwrap();
        assert_eq!(of_file.sentence(Language::Chinese), "都。");
        let own = whys.of_hunk(&file, &file.hunks[0]).unwrap();
        assert_eq!((own.sentence(Language::Chinese), own.line), ("One.", 6));
        assert_eq!(whys.about(&file).len(), 2);
        let other = FileDiff::new("b", None, Some("new\n".to_owned()));
        assert!(whys.about(&other).is_empty());
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (text, line, what) in [
            ("\n[[why]\n", 2, ""),
            ("[[because]]\n", 1, "`because`"),
            ("why = 1\n", 1, "expected a sequence"),
            ("\n[[why]]\nen = 'x'\n", 2, "`file`"),
            ("[[why]]\nfile = 'a'\n", 1, "`en`"),
            ("[[why]]\nfile = 'a'\nen = 'x'\nfr = 'x'\n", 4, "`fr`"),
            ("[[why]]\nen = 'x'\nfile = 3\n", 3, "expected a string"),
            ("\n[[why]]\nfile = 'a'\nen = \"x\\ny\"\n", 2, "is one line"),
            ("[[why]]\nfile = 'a'\nen = ''\n", 1, "is one line"),
        ] {
            let error = parse(text).err().unwrap();
            let place = format!("why.toml:{line}: ");
            assert!(
                error.starts_with(&place) && error.contains(what),
                "{text}: {error}"
            );
        }
    }
}
