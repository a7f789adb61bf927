//! What a server says about itself, and servers in cluster mode under a URL of a single one. One connection reaches only some of the keys, and
//! no command takes keys of different slots. The cache is off, even with a node that owns all slots: it refuses batches and tags.

use redis::{ServerError, Value, from_redis_value_ref};

use crate::error::{Error, ErrorKind};

/// The error of such a server.
pub(crate) fn refused(server: &str) -> Error {
    Error::new(
        ErrorKind::Server,
        format!(
            "cannot use {server}: it is in cluster mode; connect to it as a cluster (`redis+cluster://`, \
             `rediss+cluster://`), or to a proxy in front of it that answers for all keys"
        ),
    )
}

/// Whether an answer comes from a server in cluster mode, or from a proxy that does not hide the cluster behind it.
pub(crate) fn shows(error: &ServerError) -> bool {
    matches!(error.code(), "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" | "TRYAGAIN")
}

/// What a server says about itself in its answer to `HELLO`. In RESP2 it says nothing, and no question is one that every proxy
/// understands.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Greeting {
    pub(crate) is_in_cluster_mode: bool,
    /// It is a primary, and so accepts writes.
    pub(crate) is_primary: bool,
}

impl Greeting {
    pub(crate) fn of(hello: Option<&Value>) -> Self {
        let Some(Value::Map(fields)) = hello else { return Self::default() };
        let is = |value: &Value, text: &str| {
            from_redis_value_ref::<String>(value).is_ok_and(|value| value == text)
        };
        let says = |name: &str, value: &str| fields.iter().any(|(n, v)| is(n, name) && is(v, value));
        Self { is_in_cluster_mode: says("mode", "cluster"), is_primary: says("role", "master") }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use redis_cached_test_support::RedisServer;

    use crate::error::ErrorKind;
    use crate::store::redis::{Config, RedisStore};

    /// How often the server was sent `HELLO`.
    fn greetings(server: &RedisServer) -> u32 {
        let stats = server.query::<String>(&["INFO", "commandstats"]);
        let hello = stats.lines().find_map(|line| line.strip_prefix("cmdstat_hello:calls="));
        hello.map_or(0, |hello| hello.split(',').next().unwrap_or_default().parse().expect("a number"))
    }

    #[tokio::test]
    async fn one_hello_tells_the_mode() {
        let config = |server: &RedisServer| Config::of_url(&server.url(), Duration::from_secs(10));
        let single = RedisServer::start();
        let before = greetings(&single);
        RedisStore::lazy(config(&single)).connect_now().await.expect("no cluster");
        assert_eq!(greetings(&single) - before, 1);
        let cluster = RedisServer::builder().in_cluster_mode().start();
        let before = greetings(&cluster);
        let refused = RedisStore::lazy(config(&cluster)).connect_now().await.expect_err("in cluster mode");
        assert_eq!((refused.kind(), greetings(&cluster) - before), (ErrorKind::Server, 1));
    }
}
