//! A server's process: started, signalled, and gone for certain when its owner is gone.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// A running child. Killed and reaped on drop; killed by its [`Watchdog`] where drop never runs.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    watchdog: Watchdog,
    log: PathBuf,
}

impl Process {
    /// Starts `program`; its output goes to a file in `dir`, which later starts extend.
    pub(crate) fn spawn<A: AsRef<OsStr>>(program: &str, args: &[A], dir: &Path) -> io::Result<Self> {
        let log = dir.join("log");
        let output = File::options().create(true).append(true).open(&log)?;
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let watchdog = Watchdog::over(child.id(), dir);
        Ok(Self { child, watchdog, log })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child can be waited for")
    }

    /// Stops the process from running at all, and returns when it has stopped.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
        // The signal is delivered when the kernel gets to it. Without this wait a frozen server may answer once more.
        waitid(WaitId::Pid(self.raw_pid()), WaitIdOptions::STOPPED)
            .expect("a paused child reports that it stopped");
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        // The child is not reaped before drop, so its id cannot have been given to another process.
        kill_process(self.raw_pid(), signal).expect("our own child can be signalled");
    }

    fn raw_pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_else(|error| format!("(no output: {error})"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // First the watchdog, while the child's id is still the child's: after the wait below it may be anyone's.
        self.watchdog.dismiss();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a process, and removes its directory, when ours ends without running destructors: a server in a `static`, an
/// abort, a kill.
///
/// It is a shell that waits for its input to end. We hold the other end of that pipe, and the kernel closes it for us
/// however we end.
#[derive(Debug)]
struct Watchdog(Child);

impl Watchdog {
    fn over(pid: u32, dir: &Path) -> Self {
        // An interrupt from the terminal reaches the shell as well, and must not end it before us.
        let script = "trap '' HUP INT TERM; read -r _; kill -9 \"$1\"; rm -rf -- \"$2\"";
        let shell = Command::new("sh")
            .args(["-c", script, "watchdog", &pid.to_string()])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(shell.expect("a shell can be started"))
    }

    fn dismiss(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
