//! What a program can say about TLS, and what it cannot.

use redis_cached::{Cache, CacheBuilder, ErrorKind};
use redis_cached_test_support::Authority;

use super::trusting;

fn refused(builder: CacheBuilder) -> (ErrorKind, String) {
    let error = builder.connect_lazy().unwrap_err();
    (error.kind(), error.to_string())
}

fn secure() -> CacheBuilder {
    Cache::builder().url("rediss://localhost")
}

#[test]
fn pem_that_cannot_be_read_is_named() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(), authority.issue());
    let damaged = one.certificate.replacen("MII", "AAA", 1);
    for (builder, option, what) in [
        (secure().tls_ca(""), "`tls_ca`", "there is no certificate in it"),
        (secure().tls_ca("/etc/ssl/ca.pem"), "`tls_ca`", "not its path"),
        (secure().tls_ca(&one.key), "`tls_ca`", "there is no certificate in it"),
        (secure().tls_ca(&damaged), "`tls_ca`", "cannot be used"),
        (secure().tls_ca(&one.certificate[..90]), "`tls_ca`", "cannot be used"),
        (secure().tls_client("", &one.key), "`tls_client`", "there is no certificate in it"),
        (secure().tls_client(&one.certificate, ""), "`tls_client`", "there is no private key"),
        (secure().tls_client(&one.certificate, &one.certificate), "`tls_client`", "there is no private key"),
        (secure().tls_client(&one.certificate, &other.key), "`tls_client`", "cannot be used"),
        (secure().tls_server_name("no name"), "`tls_server_name`", "\"no name\" is no name"),
        (secure().tls_server_name(""), "`tls_server_name`", "\"\" is no name"),
    ] {
        let (kind, message) = refused(builder);
        assert_eq!(kind, ErrorKind::InvalidOption, "{message}");
        assert!(message.contains(option) && message.contains(what), "{what:?} is not in: {message}");
        assert!(!message.contains("PRIVATE"), "{message}");
    }
}

/// Whoever asks for a certificate to be checked must not be given a connection without any.
#[test]
fn options_for_tls_are_refused_without_it() {
    let one = Authority::new().issue();
    for url in ["redis://localhost", "unix:///tmp/redis.sock", "memory://", "redis://:secret@localhost/3"] {
        for (builder, option) in [
            (Cache::builder().tls_ca(&one.certificate), "tls_ca"),
            (Cache::builder().tls_client(&one.certificate, &one.key), "tls_client"),
            (Cache::builder().tls_server_name("example.test"), "tls_server_name"),
            (Cache::builder().tls_insecure_accept_any_certificate(), "tls_insecure_accept_any_certificate"),
        ] {
            let (kind, message) = refused(builder.url(url));
            assert_eq!(kind, ErrorKind::InvalidOption, "{message}");
            assert!(message.contains(option) && message.contains("rediss://"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}

#[test]
fn a_ca_and_no_check_at_all_contradict_each_other() {
    let (kind, message) =
        refused(trusting(&Authority::new(), "rediss://localhost").tls_insecure_accept_any_certificate());
    assert_eq!(kind, ErrorKind::InvalidOption, "{message}");
    assert!(
        message.contains("tls_insecure_accept_any_certificate") && message.contains("`tls_ca`"),
        "{message}"
    );
}

#[test]
fn a_private_key_is_never_shown() {
    let one = Authority::new().issue();
    let shown = format!("{:?}", secure().tls_client(&one.certificate, &one.key));
    let inside = one.key.lines().nth(1).unwrap();
    assert!(
        !shown.contains(inside) && !shown.contains("PRIVATE") && !shown.contains("45, 45, 45"),
        "{shown}"
    );
}
