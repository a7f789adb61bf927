//! From the arguments to a cache.

use std::path::Path;

use redis_cached::{Cache, CacheBuilder, Error, ErrorKind};

use crate::args::Server;
use crate::failure::Failure;

/// The variable that stands for a URL that was left out.
const VARIABLE: &str = "REDIS_URL";

/// Connects as the library does, with this prefix.
pub(crate) async fn connect(server: &Server, prefix: &str) -> Result<Cache, Failure> {
    Ok(builder(server, prefix)?.connect().await?)
}

/// The same, but also to a cluster that does not serve all slots, with the error that says so: each node that is there can be asked.
pub(crate) async fn connect_to_what_is_there(
    server: &Server,
    prefix: &str,
) -> Result<(Cache, Option<Error>), Failure> {
    let builder = builder(server, prefix)?;
    match builder.clone().connect().await {
        Ok(cache) => Ok((cache, None)),
        Err(error) if error.kind() == ErrorKind::ClusterDown => Ok((builder.connect_lazy()?, Some(error))),
        Err(error) => Err(error.into()),
    }
}

fn builder(server: &Server, prefix: &str) -> Result<CacheBuilder, Failure> {
    let mut builder = Cache::builder()
        .url(url(server)?)
        .prefix(prefix)
        // For `invalidate --all`; nothing is stored here that would get the tag.
        .support_invalidate_all()
        // A key stands for that of any version, whether the programs keep versions apart or not.
        .separate_versions()
        .deadline(server.timeout)
        .connect_timeout(server.timeout);
    if let Some(file) = &server.tls_ca {
        builder = builder.tls_ca(read(file)?);
    }
    if let (Some(certificate), Some(key)) = (&server.tls_cert, &server.tls_key) {
        builder = builder.tls_client(read(certificate)?, read(key)?);
    }
    if let Some(name) = &server.tls_server_name {
        builder = builder.tls_server_name(name);
    }
    if server.tls_insecure {
        builder = builder.tls_insecure_accept_any_certificate();
    }
    Ok(builder)
}

/// The URL that was given, or the environment's.
pub(crate) fn url(server: &Server) -> Result<String, Failure> {
    let url = match (&server.url, std::env::var(VARIABLE)) {
        (Some(url), _) => url.clone(),
        (None, Ok(url)) => url,
        (None, Err(_)) => {
            return Err(Failure::new(
                format!("no server was named, and the environment has no {VARIABLE}"),
                "write the server's URL behind the subcommand: `redis-cached doctor redis://127.0.0.1`",
            ));
        }
    };
    if url.trim_start().to_ascii_lowercase().starts_with("memory:") {
        return Err(Failure::new(
            "a cache at memory:// is in the memory of its own process, where no other can look",
            "print `cache.report()` in that process",
        ));
    }
    Ok(url)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display()), "name a PEM file"))
}
