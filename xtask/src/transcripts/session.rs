//! A bash that runs the commands of one block.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use regex_lite::Regex;
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
        --example) addr= cargo_args+=("$arg") ;;
        *) cargo_args+=("$arg") ;;
        esac
    done
    # In the background `$!` is to be the program and not a shell that waits for it.
    [ $BASHPID = $$ ] || exec cargo "${cargo_args[@]}" -- ${addr:+"$addr"} "${args[@]}"
    command cargo "${cargo_args[@]}" -- ${addr:+"$addr"} "${args[@]}"
}
"#;

pub(super) struct Session {
    shell: Child,
    /// Holds what the commands print, and a mark for each that has ended.
    dir: TempDir,
    port: u16,
    count: usize,
    /// Finds `&` or `& name=$!` at the end of a line.
    background: Regex,
}

impl Session {
    pub(super) fn start(root: &Path, port: u16) -> Result<Self> {
        // In a session of its own the shell has no terminal whose owner it could
        // change.
        let mut shell = Command::new("setsid");
        shell.args(["bash", "-s"]).env("PORT", port.to_string());
        shell.current_dir(root).stdin(Stdio::piped());
        shell.stdout(Stdio::null()).stderr(Stdio::null());
        let shell = shell.spawn().context("cannot run bash")?;
        let mut session = Self {
            shell,
            dir: tempfile::tempdir()?,
            port,
            count: 0,
            background: Regex::new(r" &( \w+=\$!)?\s*$")?,
        };
        session.write(PRELUDE)?;
        Ok(session)
    }

    /// Starts the next command, and says whether it goes on in the background.
    pub(super) fn run(&mut self, command: &str) -> Result<bool> {
        let command = command.replace("8888", &self.port.to_string());
        let (command, after) = self.background(&command);
        let is_background = !after.is_empty();
        let place = self.dir.path().join(self.count.to_string());
        let place = place.display();
        // The newline ends a comment or a here-document in the command.
        let line =
            format!("{{ {command}\n}} </dev/null >{place}.out 2>&1 {after}\n: >{place}.ended\n");
        self.count += 1;
        self.write(&line)?;
        Ok(is_background)
    }

    /// A command without the `&` that ends it or, if a here-document follows, its first
    /// line; and what stands from there to the end of the line.
    fn background<'c>(&self, command: &'c str) -> (String, &'c str) {
        let first = command.lines().next().unwrap_or_default();
        for text in [command, first] {
            if let Some(found) = self.background.find(text) {
                let rest = &command[found.end()..];
                return (command[..found.start()].to_owned() + rest, found.as_str());
            }
        }
        (command.to_owned(), "")
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let stdin = self.shell.stdin.as_mut();
        let stdin = stdin.context("the shell has no stdin")?;
        stdin
            .write_all(text.as_bytes())
            .context("the shell has ended")
    }

    /// What a command has printed up to now.
    pub(super) fn output(&self, command: usize) -> Result<String> {
        let path = self.dir.path().join(format!("{command}.out"));
        // The shell has not come to the command while there is no file.
        let bytes = path.exists().then(|| fs::read(path)).transpose()?;
        let bytes = bytes.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether the shell has gone on behind a command.
    pub(super) fn has_ended(&self, command: usize) -> bool {
        self.dir.path().join(format!("{command}.ended")).exists()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Every job of the shell is a process group of its own, but they are all in the
        // shell's session.
        let session = self.shell.id().to_string();
        let _ = Command::new("pkill")
            .args(["-KILL", "--session", &session])
            .status();
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    fn wait_until(is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_so() {
            assert!(Instant::now() < deadline, "it did not happen");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn commands_share_one_shell_and_its_jobs() {
        let mut session = Session::start(Path::new("/"), 40123).unwrap();
        assert!(!session.run("x=8888; pwd").unwrap());
        assert!(
            session
                .run("trap 'echo bye; exit' INT; echo up; while :; do sleep 0.01; done &")
                .unwrap()
        );
        wait_until(|| session.output(1).unwrap() == "up\n");
        session.run("kill -INT %1; wait %1; echo $x $?").unwrap();
        wait_until(|| session.has_ended(2));
        assert_eq!(session.output(0).unwrap(), "/\n");
        assert_eq!(session.output(1).unwrap(), "up\nbye\n");
        assert_eq!(session.output(2).unwrap(), "40123 0\n");
    }

    #[test]
    fn nothing_survives_the_session() {
        let mut session = Session::start(Path::new("/"), 1).unwrap();
        for command in [
            "echo $BASHPID; exec sleep 1000 &",
            "sh -c 'echo $$; exec sleep 1000'",
        ] {
            session.run(command).unwrap();
        }
        wait_until(|| (0..2).all(|command| session.output(command).unwrap().ends_with('\n')));
        let pids = [0, 1].map(|command| session.output(command).unwrap());
        drop(session);
        for pid in pids {
            // A process that was killed stays as a zombie until its new parent
            // looks after it.
            let stat = format!("/proc/{}/stat", pid.trim());
            wait_until(|| {
                fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z "))
                    || !Path::new(&stat).exists()
            });
        }
    }
}
