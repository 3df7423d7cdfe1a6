//! Files that exist whole or not at all.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Replaces a file. An interrupted program leaves the old text or the new one, and never
/// the beginning of the new one.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    write_beside(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn write_beside(path: &Path, text: &str) -> Result<()> {
    // A rename is atomic within one file system only: hence the same directory.
    let dir = path.parent().unwrap_or(path);
    fs::create_dir_all(dir)?;
    // A temporary file is readable by its owner alone; what replaces a file of the course
    // must be as readable as the file was.
    let permissions = fs::metadata(path).map(|old| old.permissions());
    let permissions = permissions.unwrap_or(Permissions::from_mode(0o644));
    let mut file = tempfile::Builder::new()
        .permissions(permissions)
        .tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_keeps_its_permissions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/page.txt");
        write(&path, "one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        write(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(fs::read_dir(dir.path().join("deep")).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let error = write(&dir.path().join("file/page.txt"), "").unwrap_err();
        assert!(format!("{error:#}").contains("file/page.txt"));
    }
}
