//! What is written behind the command, and what it says of it.

use redis_cached_test::RedisServer;

use crate::{run, run_with_url};

#[test]
fn the_help_names_each_subcommand_and_the_variable() {
    run(["--help"]).expect(0, &["doctor", "top", "inspect", "invalidate", "REDIS_URL", "Examples:"]);
    for subcommand in ["doctor", "top", "inspect", "invalidate"] {
        run([subcommand, "--help"]).expect(0, &["[URL]", "--timeout", "REDIS_URL"]);
    }
    run(["--version"]).expect(0, &[env!("CARGO_PKG_VERSION")]);
}

#[test]
fn without_a_url_it_says_where_to_write_one() {
    run(["doctor"]).expect(2, &["no server was named", "redis-cached doctor redis://127.0.0.1"]);
    run(["inspect", "redis://127.0.0.1:1"]).expect(2, &["was taken for a key", "inspect URL KEY"]);
    let server = RedisServer::start();
    run_with_url(Some(&server.url()), ["inspect", "a"]).expect(1, &["nothing stands there"]);
}

#[test]
fn a_wrong_url_is_explained() {
    run(["doctor", "http://127.0.0.1"]).expect(2, &["redis+cluster://HOST"]);
    run(["doctor", "memory://"]).expect(2, &["of its own process"]);
    run(["doctor", "redis://127.0.0.1:1", "--timeout", "2s"]).expect(2, &["check host and port"]);
    run(["doctor", "redis://127.0.0.1:1", "--timeout", "soon"]).expect(2, &["soon"]);
    run(["doctor", "rediss://127.0.0.1:1", "--tls-ca", "/nowhere.pem"])
        .expect(2, &["/nowhere.pem", "PEM file"]);
}

#[test]
fn no_password_is_printed() {
    let server = RedisServer::builder().password("geheim").start();
    let url = server.url();
    let wrong = url.replace("geheim", "verraten");
    let mistyped = ["doctor", "redis://localhost", wrong.as_str()];
    let runs = [
        run(["doctor", url.as_str()]),
        run(["doctor", wrong.as_str()]),
        run(mistyped),
        run(["doctor", &format!("--tls-ca={wrong}")]),
        run(["inspect", wrong.as_str()]),
        run(["inspect", url.as_str(), "a"]),
        run_with_url(Some(&wrong), ["doctor"]),
        run_with_url(Some("redis://u:verraten@ho st"), ["doctor"]),
        run(["doctor", &url.replace("redis://", "redis+nonsense://")]),
    ];
    for ran in runs {
        assert!(!ran.out.contains("geheim") && !ran.err.contains("geheim"), "{ran:#?}");
        assert!(!ran.out.contains("verraten") && !ran.err.contains("verraten"), "{ran:#?}");
    }
    run(["doctor", wrong.as_str()]).expect(2, &["user name or the password is wrong"]);
}
