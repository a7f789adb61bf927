//! What the library logs, in any test of this process.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::Mutex;

use log::Level;

static LINES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("redis_cached")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

/// Begins to record, in whichever test is first.
pub(crate) fn record() {
    let _ = log::set_logger(&Recorder);
    log::set_max_level(log::LevelFilter::Trace);
}

/// The warnings and errors that contain `what`.
pub(crate) fn warnings(what: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    let loud = lines.iter().filter(|(level, _)| *level <= Level::Warn);
    loud.map(|(_, said)| said).filter(|said| said.contains(what)).cloned().collect()
}

/// All lines, of any level.
pub(crate) fn lines() -> Vec<String> {
    LINES.lock().unwrap().iter().map(|(_, said)| said.clone()).collect()
}

/// Whether the test of this name has a process of its own. If not, it is run in one, and must pass there.
pub(crate) fn is_alone(test: &str) -> bool {
    is_alone_with(test, "REDIS_CACHED_TEST", OsStr::new("no meaning"))
}

/// [`is_alone`] in a process with this in its environment.
pub(crate) fn is_alone_with(test: &str, name: &str, value: &OsStr) -> bool {
    const ALONE: &str = "REDIS_CACHED_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut process = Command::new(std::env::current_exe().unwrap());
    let output = process.args(["--exact", test]).env(ALONE, "1").env(name, value).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}
