//! `cargo xtask`: builds the tools when they are missing or out of date, and starts them.
//!
//! cargo compiles this program within a second, as it depends on no other package. So it
//! can say what the first `cargo xtask` is busy with, and stay silent later.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::SystemTime;

fn main() -> ExitCode {
    launch().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// Returns only if the tools cannot be built or started.
fn launch() -> Result<ExitCode, Box<dyn Error>> {
    // cargo puts the tools where it has put this program.
    let tools = env::current_exe()?.with_file_name("xtask");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let is_missing = !tools.exists();
    if is_missing || is_stale(&tools, &root) {
        if is_missing {
            eprintln!("cargo xtask: compiling the tools, which takes about a minute this once");
        }
        let cargo = env::var_os("CARGO").unwrap_or(OsString::from("cargo"));
        let mut build = Command::new(cargo);
        build.args(["build", "--bin", "xtask", "--manifest-path"]);
        build.arg(root.join("xtask/Cargo.toml"));
        if !build.status()?.success() {
            return Ok(ExitCode::FAILURE);
        }
        // cargo leaves the tools as they are if only their lock file has changed.
        fs::File::open(&tools)?.set_modified(SystemTime::now())?;
    }
    let mut tools = Command::new(tools);
    Err(tools.args(env::args_os().skip(1)).exec().into())
}

/// Whether a file that the tools were built from has changed since, or cannot be read.
fn is_stale(tools: &Path, root: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let built = changed(tools).unwrap_or(SystemTime::UNIX_EPOCH);
    let is_newer = |path: &Path| changed(path).is_none_or(|changed| changed > built);
    // cargo's list of the sources, in the form of a rule for make: `tools: source source`.
    let rule = fs::read_to_string(tools.with_extension("d")).unwrap_or_default();
    let (_, sources) = rule.split_once(": ").unwrap_or_default();
    // A blank in a path is `\ `.
    let sources = sources.trim_end().replace("\\ ", "\0");
    let sources = sources.split(' ').map(|path| path.replace('\0', " "));
    let manifests = [
        "Cargo.lock",
        "xtask/Cargo.toml",
        "xtask/programs/Cargo.toml",
    ];
    sources
        .map(Into::into)
        .chain(manifests.map(|path| root.join(path)))
        .any(|path| is_newer(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn tools_are_stale_when_a_source_or_a_manifest_is_newer_or_gone() {
        let root = env::temp_dir().join(format!("launch-{}", std::process::id()));
        let write = |name: &str, text: String, age: u64| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age))
                .unwrap();
        };
        for path in [
            "a b.rs",
            "Cargo.lock",
            "xtask/Cargo.toml",
            "xtask/programs/Cargo.toml",
        ] {
            write(path, String::new(), 20);
        }
        let tools = root.join("xtask/tools");
        let source = root
            .join("a b.rs")
            .display()
            .to_string()
            .replace(' ', "\\ ");
        write("xtask/tools.d", format!("tools: {source}\n"), 10);
        assert!(is_stale(&tools, &root), "there are no tools");
        write("xtask/tools", String::new(), 10);
        assert!(!is_stale(&tools, &root));
        write("xtask/Cargo.toml", String::new(), 0);
        assert!(is_stale(&tools, &root), "a manifest has changed");
        write("xtask/Cargo.toml", String::new(), 20);
        write("a b.rs", String::new(), 0);
        assert!(is_stale(&tools, &root), "a source has changed");
        fs::remove_file(root.join("a b.rs")).unwrap();
        assert!(is_stale(&tools, &root), "a source has gone");
        fs::remove_dir_all(root).unwrap();
    }
}
