//! A bash that runs the commands of one block.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// Runs before the first command.
///
/// `set -m` gives every job a process group and the signals that it would have in
/// a terminal, where Ctrl-C ends it. Whatever ends the shell ends its jobs.
const PRELUDE: &str = r#"set -m
trap 'for job in $(jobs -p); do kill -KILL -- -$job; done' EXIT
cargo() {
    [ "$1" = run ] || { command cargo "$@"; return; }
    local arg cargo_args=(run --quiet) args=() is_args= addr=127.0.0.1:$PORT
    for arg in "${@:2}"; do
        case $is_args$arg in
        --) is_args=yes ;;
        yes*:* | yes--help) addr= args+=("$arg") ;;
        yes*) args+=("$arg") ;;
        *) cargo_args+=("$arg") ;;
        esac
    done
    command cargo "${cargo_args[@]}" -- ${addr:+"$addr"} "${args[@]}"
}
"#;

pub(super) struct Session {
    shell: Child,
    stdin: Option<ChildStdin>,
    /// Holds what the commands print, and a mark for each that has ended.
    dir: TempDir,
    port: u16,
    count: usize,
}

impl Session {
    pub(super) fn start(root: &Path, port: u16) -> Result<Self> {
        // In a session of its own the shell has no terminal whose owner it could
        // change.
        let mut shell = Command::new("setsid")
            .args(["bash", "-s"])
            .current_dir(root)
            .env("PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run bash")?;
        let mut stdin = shell.stdin.take();
        if let Some(stdin) = &mut stdin {
            stdin.write_all(PRELUDE.as_bytes())?;
        }
        Ok(Self {
            shell,
            stdin,
            dir: tempfile::tempdir()?,
            port,
            count: 0,
        })
    }

    /// Starts the next command, and says whether it goes on in the background.
    pub(super) fn run(&mut self, command: &str) -> Result<bool> {
        let command = command.replace("8888", &self.port.to_string());
        let (command, is_background) = match command.trim_end().strip_suffix(" &") {
            Some(command) => (command, true),
            None => (command.as_str(), false),
        };
        let place = self.dir.path().join(self.count.to_string());
        let place = place.display();
        let after = if is_background { "&" } else { "" };
        // The newline ends a comment or a here-document in the command.
        let line =
            format!("{{ {command}\n}} </dev/null >{place}.out 2>&1 {after}\n: >{place}.ended\n");
        self.count += 1;
        let stdin = self.stdin.as_mut().context("the shell has no stdin")?;
        stdin
            .write_all(line.as_bytes())
            .context("the shell has ended")?;
        Ok(is_background)
    }

    /// What a command has printed up to now.
    pub(super) fn output(&self, command: usize) -> Result<String> {
        match fs::read(self.dir.path().join(format!("{command}.out"))) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the shell has gone on behind a command.
    pub(super) fn has_ended(&self, command: usize) -> bool {
        self.dir.path().join(format!("{command}.ended")).exists()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without its input the shell ends by itself, unless a command holds it up.
        drop(self.stdin.take());
        let ended = (0..self.count).all(|command| self.has_ended(command));
        if !ended {
            let group = format!("-{}", self.shell.id());
            // Its jobs are groups of its own: only the shell knows them, and its
            // trap runs when it is told to end.
            let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        }
        let _ = self.shell.wait();
    }
}
