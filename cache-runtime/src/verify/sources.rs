//! The sources of this crate, for tests that hold rules about them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder in which they stand.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root(), &mut found);
    found
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The module that a file is, without `crate::`.
pub(crate) fn module_of(file: &Path) -> String {
    let names: Vec<_> =
        file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.strip_suffix(&["mod".to_owned()]).unwrap_or(&names).join("::")
}

/// Whether a file is compiled for tests only.
pub(crate) fn is_test(file: &Path) -> bool {
    let of_tests = ["tests", "tests.rs", "conformance", "conformance.rs", "fuzz.rs"];
    file.starts_with("verify") || file.iter().any(|part| of_tests.iter().any(|name| part == *name))
}
