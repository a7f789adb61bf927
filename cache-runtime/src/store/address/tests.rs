//! What every kind of URL becomes, and that no reason repeats a secret.

use proptest::prelude::*;

use super::*;

/// What a URL becomes, but for the credentials: host, database, protocol.
fn server(url: &str) -> Result<Address, String> {
    match Target::parse(url) {
        Ok(Target::Server(address)) => Ok(address),
        Ok(other) => Err(format!("it is no server: {other:?}")),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Url, "{url}");
            Err(error.to_string())
        }
    }
}

fn credentials(url: &str) -> Option<(Option<String>, String)> {
    let address = server(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    address.credentials.map(|credentials| (credentials.user, credentials.password))
}

#[test]
fn what_is_understood() {
    for (url, host, database, speaks_resp3) in [
        ("redis://localhost", "localhost:6379", 0, true),
        ("redis://localhost/", "localhost:6379", 0, true),
        ("redis://me:secret@cache.internal:7000/3", "cache.internal:7000", 3, true),
        ("redis://me:secret@cache.internal:7000/3/", "cache.internal:7000", 3, true),
        ("redis://:secret@[::1]:7000", "[::1]:7000", 0, true),
        ("redis://[::1]", "[::1]:6379", 0, true),
        ("redis://[fe80::1%25eth0]:1", "[fe80::1%eth0]:1", 0, true),
        ("redis://127.0.0.1:65535", "127.0.0.1:65535", 0, true),
        ("redis://my_redis.internal.", "my_redis.internal.:6379", 0, true),
        ("redis://bücher.example", "bücher.example:6379", 0, true),
        ("redis://b%C3%BCcher.example", "bücher.example:6379", 0, true),
        ("valkey://localhost/15", "localhost:6379", 15, true),
        ("REDIS://LOCALHOST:1", "LOCALHOST:1", 0, true),
        ("  redis://localhost:6379\n", "localhost:6379", 0, true),
        ("redis://localhost?db=4", "localhost:6379", 4, true),
        ("redis://localhost/?db=4", "localhost:6379", 4, true),
        ("redis://localhost/4?db=4", "localhost:6379", 4, true),
        ("redis://localhost/007", "localhost:6379", 7, true),
        ("redis://localhost?protocol=resp2", "localhost:6379", 0, false),
        ("redis://localhost/2?protocol=2&db=2", "localhost:6379", 2, false),
        ("redis://localhost?protocol=resp3", "localhost:6379", 0, true),
        ("redis://localhost?protocol=3", "localhost:6379", 0, true),
        ("redis://localhost?", "localhost:6379", 0, true),
        ("redis://:protocol=resp2@localhost", "localhost:6379", 0, true),
        ("unix:///run/redis.sock", "/run/redis.sock", 0, true),
        ("unix:///run/redis.sock?db=2&pass=secret", "/run/redis.sock", 2, true),
        ("unix://localhost/run/redis.sock", "/run/redis.sock", 0, true),
        ("redis+unix:///run/redis.sock?protocol=resp2", "/run/redis.sock", 0, false),
        ("valkey+unix:///run/a%20b@c%3F", "/run/a b@c?", 0, true),
    ] {
        let address = server(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let found = (address.host.to_string(), address.database, address.speaks_resp3);
        assert_eq!(found, (host.to_owned(), database, speaks_resp3), "{url}");
    }
    for url in ["memory://", "memory:", "MEMORY://", " memory:///"] {
        assert_eq!(Target::parse(url).map_err(|error| error.to_string()), Ok(Target::Memory), "{url}");
    }
}

#[test]
fn clusters() {
    for (url, seeds, speaks_resp3, speaks_tls) in [
        ("redis+cluster://h1:7001,h2:7002", &["h1:7001", "h2:7002"][..], true, false),
        ("valkey+cluster://me:secret@h1,[::1]:7000/", &["h1:6379", "[::1]:7000"], true, false),
        ("REDISS+CLUSTER://h1, h1:6379/0?protocol=resp2", &["h1:6379"], false, true),
        ("valkeys+cluster://h1?db=0&cluster=true", &["h1:6379"], true, true),
        ("redis://config.example:1?cluster=true", &["config.example:1"], true, false),
        ("rediss://h1,h2/0?protocol=resp3&cluster=true", &["h1:6379", "h2:6379"], true, true),
    ] {
        let Ok(Target::Cluster(cluster)) = Target::parse(url) else {
            panic!("{url}: {:?}", Target::parse(url))
        };
        let nodes: Vec<Address> =
            cluster.seeds.iter().map(|(host, port)| cluster.node(host, *port)).collect();
        assert_eq!(nodes.iter().map(|node| node.host.to_string()).collect::<Vec<_>>(), seeds, "{url}");
        for node in nodes {
            let found = (node.database, node.speaks_resp3, node.speaks_tls);
            assert_eq!(found, (0, speaks_resp3, speaks_tls), "{url}");
            assert_eq!(node.credentials.is_some(), url.contains('@'), "{url}");
        }
    }
    assert!(server("redis://h1?cluster=false").is_ok());
}

#[test]
fn sentinels() {
    for (url, hosts, service, database, speaks_resp3, speaks_tls) in [
        (
            "redis+sentinel://h1,h2:1,[::1]/cache",
            &["h1:26379", "h2:1", "[::1]:26379"][..],
            "cache",
            0,
            true,
            false,
        ),
        ("VALKEY+SENTINEL://me:pass@h1/my-cache.1_a/3/", &["h1:26379"], "my-cache.1_a", 3, true, false),
        ("rediss+sentinel://h1, h1:26379/c?db=2&protocol=resp2", &["h1:26379"], "c", 2, false, true),
        (
            "valkeys+sentinel://h1/c/?sentinel_user=you&sentinel_password=a%26b",
            &["h1:26379"],
            "c",
            0,
            true,
            true,
        ),
    ] {
        let Ok(Target::Sentinel(address)) = Target::parse(url) else {
            panic!("{url}: {:?}", Target::parse(url))
        };
        assert_eq!(address.service, service, "{url}");
        let named: Vec<String> = address.sentinels.iter().map(|sentinel| sentinel.host.to_string()).collect();
        assert_eq!(named, hosts, "{url}");
        for sentinel in &address.sentinels {
            assert_eq!((sentinel.database, sentinel.speaks_tls), (0, speaks_tls), "{url}");
            let expected = url.contains("sentinel_").then(|| Credentials::of("you".into(), "a&b".into()));
            assert_eq!(sentinel.credentials, expected.flatten(), "those of the servers are not theirs");
        }
        let server = address.server("10.0.0.1", 7000);
        assert_eq!(server.host.to_string(), "10.0.0.1:7000");
        let found = (server.database, server.speaks_resp3, server.speaks_tls);
        assert_eq!(found, (database, speaks_resp3, speaks_tls), "{url}");
        assert_eq!(server.credentials.is_some(), url.contains('@'), "{url}");
    }
}

#[test]
fn tls_is_spoken_where_the_scheme_says_so() {
    for (url, speaks_tls) in [
        ("rediss://:secret@localhost:6380/2", true),
        ("VALKEYS://localhost", true),
        ("redis://localhost", false),
        ("unix:///run/redis.sock", false),
    ] {
        let address = server(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(address.speaks_tls, speaks_tls, "{url}");
    }
}

#[test]
fn users_and_passwords() {
    for (url, user, password) in [
        ("redis://me:secret@host", Some("me"), "secret"),
        ("redis://:secret@host", None, "secret"),
        ("redis://me@host", Some("me"), ""),
        ("redis://me:@host", Some("me"), ""),
        ("redis://:a:b@host", None, "a:b"),
        ("redis://me:%2F%3f%23%40%25%3A+%20@host", Some("me"), "/?#@%:+ "),
        ("redis://:pa ss^w\"rd|ü\\@host", None, "pa ss^w\"rd|ü\\"),
        ("redis://a%40b.example:p%C3%BC@host", Some("a@b.example"), "pü"),
        ("unix:///run/s?user=me&pass=a+b%26c", Some("me"), "a+b&c"),
        ("unix:///run/s?pass=a=b?c@d", None, "a=b?c@d"),
        ("unix://me:secret@/run/s", Some("me"), "secret"),
    ] {
        assert_eq!(credentials(url), Some((user.map(str::to_owned), password.to_owned())), "{url}");
    }
    for url in ["redis://host", "redis://@host", "redis://:@host", "unix:///run/s?pass="] {
        assert_eq!(credentials(url), None, "{url}");
    }
}

/// Each with what its reason says.
const REFUSED: &[(&str, &str)] = &[
    ("", "it is empty"),
    (" \n", "it is empty"),
    ("\"redis://localhost\"", "quotation mark"),
    ("'redis://localhost'", "quotation mark"),
    ("redis://loc\nalhost", "control character"),
    ("redis://:se\tcret@localhost", "control character"),
    // Without a scheme, and with another.
    ("localhost:6379", "write `redis://localhost:6379`"),
    ("localhost", "write `redis://localhost`"),
    ("redis:6379", "write `redis://redis:6379`"),
    ("10.0.0.1:6379/2", "write `redis://10.0.0.1:6379/2`"),
    ("[::1]:6379", "write `redis://[::1]:6379`"),
    ("secret", "write `redis://HOST:PORT`"),
    ("me:secret@localhost:6379", "`redis://:PASSWORD@HOST:PORT`"),
    ("redis:/localhost", "no scheme"),
    (":se://cret@localhost", "no scheme"),
    ("/run/redis.sock", "write `unix:///PATH`"),
    ("unix:/run/redis.sock", "no scheme"),
    ("rediss://:secret@", "the host is missing"),
    ("redis-cluster://:secret@a,b", "`redis-cluster://` is not known; a cluster is `redis+cluster://`"),
    (
        "redis-sentinel://:secret@a,b",
        "`redis-sentinel://` is not known; write `redis+sentinel://HOST,HOST/SERVICE`",
    ),
    ("http://secret", "`http://` is not the protocol of Redis"),
    ("redis+tls://host", "TLS is `rediss://`"),
    ("postgres://secret", "its scheme is not known"),
    // The host and the port.
    ("redis://", "the host is missing"),
    ("redis://me:secret@", "the host is missing"),
    ("redis://:6379", "the host is missing"),
    ("redis://:secret", "the host is missing"),
    ("redis:///5", "the host is missing"),
    ("redis://host:99999", "the port behind the host is not a number from 1 to 65535"),
    ("redis://host:0", "the port"),
    ("redis://host:", "the port"),
    ("redis://host:+1", "the port"),
    ("redis://me:secret", "the port"),
    ("redis://:99999", "the host is missing"),
    ("redis://h1,h2", "several hosts"),
    ("redis://me:secret@h1:1,h2:2", "several hosts"),
    ("redis://::1", "an IPv6 address in brackets"),
    ("redis://me:se:cret", "an `@` between a password and the host"),
    ("redis://[::1", "brackets"),
    ("redis://[secret]", "brackets"),
    ("redis://[::1]6379", "what follows the bracket"),
    ("redis://ho st", "a character that no name of a host has"),
    ("redis:// localhost", "a character that no name of a host has"),
    ("redis://localhost;6379", "a character that no name of a host has"),
    ("redis://ho%zzst", "the host contains a raw `%`"),
    ("redis://:secret@0.0.0.0", "a server listens everywhere"),
    ("redis://[::]:6379", "a server listens everywhere"),
    // Clusters.
    ("redis+cluster://", "the host is missing"),
    ("redis+cluster://h1,", "the host is missing"),
    ("redis+cluster://:secret@h1,:2", "the host is missing"),
    ("redis+cluster://h1:1,h2:99999", "the port behind the host"),
    ("redis+cluster://:se,cret@h1@h2", "percent-encode it"),
    ("redis+cluster://h1/3", "a cluster has only database 0"),
    ("redis://h1?cluster=true&db=3", "a cluster has only database 0"),
    ("redis+cluster://h1?cluster=false", "its option `cluster` says that it is none"),
    ("redis://h1?cluster=secret", "its option `cluster` is neither `true` nor `false`"),
    ("redis://h1?cluster=true&cluster=true", "its option `cluster` is given twice"),
    ("unix:///run/s?cluster=true", "its option `cluster` is not known"),
    // Sentinels.
    ("redis+sentinel://", "the service is missing"),
    ("redis+sentinel://:secret@h1,h2", "the service is missing; write `redis+sentinel://HOST,HOST/SERVICE`"),
    ("redis+sentinel://h1,h2/", "the service is missing"),
    ("redis+sentinel:///cache", "the host is missing"),
    ("redis+sentinel://h1,h2:99999/cache", "the port behind the host"),
    ("redis+sentinel://h1/ca che", "a character that no name of a service has"),
    ("redis+sentinel://h1/cache/secret", "its database is not a number"),
    ("redis+sentinel://h1/cache/1/2", "more than one part"),
    ("redis+sentinel://h1/cache/1?db=2", "two databases"),
    ("redis+sentinel://:se/cret@h1/cache", "percent-encode it"),
    ("redis+sentinel://:1/cret@h1/cache", "percent-encode it"),
    ("redis+sentinel://h1/cache?sentinel_password=se&cret=1", "a `&` in a password is written `%26`"),
    ("redis+sentinel://h1/cache?sentinel_password=a&sentinel_password=secret", "given twice"),
    ("redis+sentinel://h1/cache?sentinel_password=se%cret", "the password contains a raw `%`"),
    (
        "redis+sentinel://h1/cache?cluster=true",
        "its option `cluster` is not known; there are `db`, `protocol`, `sentinel_user`",
    ),
    ("redis://h1/0?sentinel_password=secret", "its option `sentinel_password` is not known"),
    // The password.
    ("redis://:se/cret@host", "percent-encode it"),
    ("redis://:se#cret@host", "percent-encode it"),
    ("redis://:se?cret@host", "percent-encode it"),
    ("redis://:se@cret@host", "percent-encode it"),
    ("redis://:1/secret@host", "percent-encode it"),
    ("redis://:secret%@host", "the password contains a raw `%`"),
    ("redis://:sec%ret@host", "the password contains a raw `%`"),
    ("redis://:secret%FF@host", "the password is not UTF-8"),
    ("redis://se%cret:x@host", "the user name contains a raw `%`"),
    // The database.
    ("redis://host/secret", "its database is not a number"),
    ("redis://host/-1", "its database is not a number"),
    ("redis://host/+1", "its database is not a number"),
    ("redis://host/4294967296", "its database is not a number"),
    ("redis://host/0/1", "more than one part"),
    ("redis://host//1", "more than one part"),
    ("redis://host?db=secret", "its database is not a number"),
    ("redis://host?db", "its database is not a number"),
    ("redis://host/1?db=2", "two databases"),
    ("redis://host?db=1&db=1", "its option `db` is given twice"),
    ("redis://host#5", "behind a `#`"),
    ("rediss://host/#insecure", "behind a `#`"),
    // Options.
    ("redis://host?protocol=secret", "neither `resp2` nor `resp3`"),
    ("redis://host?protocol", "neither `resp2` nor `resp3`"),
    (
        "redis://host?protocl=resp2",
        "its option `protocl` is not known; there are `db`, `protocol` and `cluster`",
    ),
    (
        "redis://host?Protocol=resp2",
        "its option `Protocol` is not known; there are `db`, `protocol` and `cluster`",
    ),
    ("redis://host?db=1&ssl=true", "its option `ssl` is not known; TLS is a scheme"),
    ("redis://host?timeout=3", "its option `timeout` is not known; time limits are `CacheBuilder::deadline`"),
    (
        "redis://host?password=secret",
        "its option `password` is not known; write `redis://USER:PASSWORD@HOST`",
    ),
    ("redis://host?=secret", "what follows the `?` is not known"),
    ("redis://host?1secret", "what follows the `?` is not known"),
    // Unix sockets and memory.
    ("unix://secret", "three of them"),
    ("unix://run/redis.sock", "three of them"),
    ("unix://", "the path of the Unix socket is missing"),
    ("unix:///?db=1", "the path of the Unix socket is missing"),
    ("unix:///run/%zz", "the path of the socket contains a raw `%`"),
    (
        "unix:///run/s?database=1",
        "its option `database` is not known; there are `db`, `protocol`, `user` and `pass`",
    ),
    ("unix:///run/s?pass=se&cret=1", "a `&` in a password is written `%26`"),
    ("unix:///run/s?pass=se#cret", "behind a `#`"),
    ("unix:///run/s?pass=se%cret", "the password contains a raw `%`"),
    ("unix://:secret@/run/s?pass=secret", "twice"),
    ("memory://secret", "nothing follows `memory://`"),
    ("memory://?max=secret", "nothing follows `memory://`"),
];

#[test]
fn what_is_refused_is_named_with_a_remedy_and_without_secrets() {
    for (url, reason) in REFUSED {
        let Err(error) = Target::parse(url) else { panic!("{url} was taken") };
        assert_eq!(error.kind(), ErrorKind::Url, "{url}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(reason), "{url}: {error}");
        for secret in ["secret", "cret", "1/"] {
            assert!(!shown.contains(secret) || reason.contains(secret), "{url}: {shown}");
        }
    }
}

#[test]
fn credentials_are_not_shown() {
    for url in [
        "redis://user-secret:pass-secret@host",
        "redis+cluster://user-secret:pass-secret@h1,h2",
        "redis+sentinel://user-secret:pass-secret@h1,h2/cache?sentinel_user=user-secret&sentinel_password=pass-secret",
        "unix:///run/s?user=user-secret&pass=pass%2Dsecret",
    ] {
        let shown = format!("{:?}", Target::parse(url));
        assert!(shown.contains("Credentials {") && !shown.contains("secret"), "{shown}");
    }
}

/// Text as passwords have it, with all that a URL gives a meaning to.
fn passwords() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[A-Za-z0-9/?#@%:&=\\[\\],;+ \"'.!-]{8,24}").expect("a pattern")
}

/// Pieces of a password that are long enough to be told from the message's own words.
fn is_told(password: &str, message: &str) -> bool {
    let pieces = password.split(|char: char| !char.is_ascii_alphanumeric());
    pieces.filter(|piece| piece.len() > 3).any(|piece| message.contains(piece))
}

proptest! {
    #[test]
    fn a_raw_password_is_refused_or_taken_whole_and_never_told(password in passwords(), user in "[a-z]{0,3}") {
        for url in [
            format!("redis://{user}:{password}@host:6379/1"),
            format!("{user}:{password}@host:6379"),
            format!("unix:///run/s?db=1&pass={password}"),
            format!("rediss://{user}:{password}@host"),
            format!("redis+cluster://{user}:{password}@h1,h2"),
            format!("redis+sentinel://{user}:{password}@h1,h2/cache"),
            format!("redis+sentinel://h1,h2/cache?sentinel_password={password}"),
        ] {
            match Target::parse(&url) {
                Ok(Target::Memory) => {}
                Ok(Target::Cluster(address)) => {
                    let shown = format!("{address:?}");
                    prop_assert!(!is_told(&password, &shown), "{}", shown);
                }
                Ok(Target::Sentinel(address)) => {
                    let shown = format!("{address:?}");
                    prop_assert!(!is_told(&password, &shown), "{}", shown);
                }
                Ok(Target::Server(address)) => {
                    let shown = format!("{:?}", address.credentials);
                    prop_assert!(!is_told(&password, &shown), "{}", shown);
                    if url.ends_with("@host:6379/1") {
                        prop_assert_eq!(address.host.to_string(), "host:6379", "{}", url);
                    }
                }
                Err(error) => {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!is_told(&password, &shown), "{}: {}", url, shown);
                }
            }
        }
    }

    #[test]
    fn an_encoded_password_is_taken_as_it_is(password in any::<String>(), user in any::<String>()) {
        prop_assume!(!user.is_empty() || !password.is_empty());
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        for url in [
            format!("redis://{}:{}@host", encode(&user), encode(&password)),
            format!("unix:///run/s?user={}&pass={}", encode(&user), encode(&password)),
        ] {
            let expected = (Some(user.clone()).filter(|user| !user.is_empty()), password.clone());
            prop_assert_eq!(credentials(&url), Some(expected));
        }
    }

    #[test]
    fn no_text_is_a_panic(text in any::<String>(), url in "(redis|redis\\+cluster|redis\\+sentinel|unix|memory)://[a-z:/?#@%\\[\\],0-9=&]{0,24}") {
        let _ = (Target::parse(&text), Target::parse(&url));
    }
}
