//! A Prometheus of the program's own, where one is installed.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

/// A running Prometheus. It ends when this is dropped, and its data with it.
pub struct Prometheus {
    child: Child,
    folder: PathBuf,
    /// Where it answers.
    pub port: u16,
}

impl Prometheus {
    /// Starts one that scrapes `127.0.0.1:target` in this interval, as Prometheus writes it. It answers at `port`, or at a free one if that is taken. `None` if
    /// there is no program of the name.
    ///
    /// # Errors
    /// If it cannot be started, or its files cannot be written.
    pub fn start(target: u16, port: u16, interval: &str) -> io::Result<Option<Self>> {
        let free = TcpListener::bind(("127.0.0.1", port)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
        let port = free?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("redis-cached-monitored-{}-{port}", process::id()));
        fs::create_dir_all(&folder)?;
        let config = folder.join("prometheus.yml");
        fs::write(&config, config_of(target, interval))?;
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error");
        match command.stdin(Stdio::null()).stdout(Stdio::null()).spawn() {
            Ok(child) => Ok(Some(Self { child, folder, port })),
            Err(error) => {
                fs::remove_dir_all(&folder)?;
                if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error) }
            }
        }
    }
}

fn config_of(target: u16, interval: &str) -> String {
    format!(
        "global:\n  scrape_interval: {interval}\n  scrape_timeout: {interval}\n\
         scrape_configs:\n  - job_name: shop\n    static_configs:\n      - targets: ['127.0.0.1:{target}']\n"
    )
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
