//! The course itself keeps the laws of a snapshot.

use std::path::Path;
use std::process::Command;

/// Two days differ only where the later one has a reason to: no file goes missing,
/// no file names its crate where it need not, the printed diff is the whole
/// difference, and a day that gives reasons gives them for every hunk.
#[test]
fn each_day_is_the_day_before_and_a_layer() {
    let course = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["check", "snapshot", "applies", "why"])
        .current_dir(course.expect("the tools lie beside the days"))
        .output()
        .expect("the tools run");
    let drifts = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{drifts}{errors}");
}
