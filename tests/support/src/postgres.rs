//! A Postgres of the test's own: in a folder that goes with it, on a free port.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// Postgres refuses to run as root. Its packages make this user.
const USER: &str = "postgres";

/// A server that ends with the test.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Makes a server and starts it: about two seconds.
    pub fn start() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name = format!("rc-pg-{}-{}", process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        // Short, because a socket's path is at most 107 bytes.
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a new folder");
        if is_root() {
            let (user, group) = (number("-u"), number("-g"));
            chown(&folder, Some(user), Some(group)).expect("a folder of that user's");
        }
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let postgres = Self { folder, port: listener.expect("a free port").port() };
        postgres.run(
            "initdb",
            &["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"],
        );
        postgres.start_again();
        postgres
    }

    /// Starts it where it was killed. What was committed is there.
    pub fn start_again(&self) {
        // Without waiting for the disk: what is in it is gone in a minute, and a process that is killed takes nothing of it along.
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off",
            self.port,
            self.folder.display()
        );
        let log = self.folder.join("log");
        self.run("pg_ctl", &["--options", &options, "--log", &log.to_string_lossy(), "--wait", "start"]);
    }

    /// Ends all of its processes at once, as a crash would.
    pub fn kill(&self) {
        self.run("pg_ctl", &["--mode=immediate", "--wait", "stop"]);
    }

    /// The URL of a new, empty database.
    pub fn create_database(&self, name: &str) -> String {
        let output = Command::new(program("createdb"))
            .args(["--host=127.0.0.1", "--username=postgres", &format!("--port={}", self.port), name])
            .output();
        expect_success("createdb", &output.expect("createdb"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        if let Err(said) = self.try_run(name, arguments) {
            panic!("{name} failed: {said}");
        }
    }

    /// What the program has said if it fails.
    fn try_run(&self, name: &str, arguments: &[&str]) -> Result<(), String> {
        let data = self.folder.join("data");
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program(name));
            command
        } else {
            Command::new(program(name))
        };
        // Not with pipes: the server would inherit them, and they would stay open for as long as it runs.
        let file = self.folder.join(format!("{name}.out"));
        let output = fs::File::create(&file).expect("a file");
        command.arg("--pgdata").arg(data).args(arguments).current_dir("/");
        command.stderr(output.try_clone().expect("its twin")).stdout(output);
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(fs::read_to_string(file).unwrap_or_default()),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may be down, where a test fails while it is.
        let _ = self.try_run("pg_ctl", &["--mode=immediate", "stop"]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    output("id", &["-u"]) == "0"
}

fn number(flag: &str) -> u32 {
    output("id", &[flag, USER])
        .parse()
        .expect("the user `postgres`, which the package makes: Postgres does not run as root")
}

fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output().expect(command);
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Debian has these programs beside the path, in a folder for each version.
fn program(name: &str) -> PathBuf {
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = packaged.map(|version| version.path().join("bin"));
    let on_path: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let mut found = packaged.chain(on_path).map(|folder| folder.join(name)).filter(|file| Path::exists(file));
    found.next().unwrap_or_else(|| panic!("there is no {name}: apt-get install postgresql"))
}

fn expect_success(name: &str, output: &Output) {
    assert!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
}
