//! A copy of the small course, for a test to edit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) struct Course {
    dir: TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Course {
    /// A committed copy with its generated parts in place.
    pub(crate) fn new() -> Self {
        let course = Self::without_git();
        course.git(&["init", "--quiet"]);
        let synced = course.xtask("dev sync");
        assert_eq!(synced.code, Some(0), "{synced:?}");
        course.commit();
        course
    }

    /// A copy as an archive would contain it.
    pub(crate) fn without_git() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/course/.");
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(original).arg(dir.path());
        assert!(copy.status().unwrap().success());
        Self { dir }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// Replaces a text that the file is sure to contain.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from}");
        self.write(path, &text.replace(from, to));
    }

    /// Runs the tools with these arguments, which contain no spaces.
    pub(crate) fn xtask(&self, args: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        // What the small course builds is its own.
        command.env_remove("CARGO_TARGET_DIR").args(args.split(' '));
        self.run(&mut command)
    }

    pub(crate) fn git(&self, args: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]);
        let ran = self.run(command.args(args));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "as it is"]);
    }

    pub(crate) fn run(&self, command: &mut Command) -> Ran {
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: output.status.code(),
        }
    }
}
