//! Which certificates are accepted.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, SystemTime};

use redis_cached::Cache;
use redis_cached_test_support::{Authority, RedisServer};

use super::{assert_works, serve, trusting};

#[tokio::test]
async fn of_several_cas_each_is_trusted() {
    let (old, new) = (Authority::new(), Authority::new());
    for authority in [&old, &new] {
        let server = serve(&authority.issue());
        let cache = Cache::builder().url(server.tls_url()).tls_ca(old.pem()).tls_ca(new.pem());
        assert_works(&cache.connect().await.unwrap()).await;
        let both = format!("# both\n{}\n{}", old.pem(), new.pem());
        assert_works(&Cache::builder().url(server.tls_url()).tls_ca(both).connect().await.unwrap()).await;
    }
}

/// Nodes are reached by their addresses, and have the certificate of a name.
#[tokio::test]
async fn a_name_may_be_other_than_the_address() {
    let authority = Authority::new();
    let server = serve(&authority.issue_for(&["cache.example.test"]));
    let cache = trusting(&authority, server.tls_url()).tls_server_name("cache.example.test");
    assert_works(&cache.connect().await.unwrap()).await;
    let wildcard = serve(&authority.issue_for(&["*.example.test"]));
    let cache = trusting(&authority, wildcard.tls_url()).tls_server_name("cache.example.test");
    assert_works(&cache.connect().await.unwrap()).await;
}

#[tokio::test]
async fn a_client_shows_the_certificate_that_it_was_given() {
    let (authority, clients) = (Authority::new(), Authority::new());
    for versions in ["TLSv1.2", "TLSv1.3"] {
        let server = RedisServer::builder()
            .tls(&authority.issue())
            .tls_clients_of(clients.pem())
            .arg("--tls-protocols")
            .arg(versions)
            .start();
        let client = clients.issue_for(&["a client"]);
        let cache = trusting(&authority, server.tls_url()).tls_client(client.certificate, client.key);
        assert_works(&cache.connect().await.unwrap()).await;
    }
}

#[tokio::test]
async fn any_certificate_is_accepted_if_that_is_asked_for() {
    let past = SystemTime::now() - Duration::from_secs(60);
    for identity in [
        Authority::new().issue_within(&["elsewhere.test"], past - Duration::from_secs(60), past),
        Authority::new().as_server(),
    ] {
        let server = serve(&identity);
        for url in [server.tls_url(), format!("rediss://localhost:{}", server.tls_port())] {
            let cache = Cache::builder().url(url).tls_insecure_accept_any_certificate();
            assert_works(&cache.connect().await.unwrap()).await;
        }
    }
}

/// Servers behind one address are told apart by it. A client that checks nothing still has to say whom it means.
#[tokio::test]
async fn a_server_is_always_told_its_name() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let greetings = std::thread::spawn(move || {
        let hello = || {
            let mut bytes = [0; 1_024];
            let length = listener.accept().unwrap().0.read(&mut bytes).unwrap();
            bytes[..length].to_vec()
        };
        [hello(), hello(), hello()]
    });
    let url = || Cache::builder().url(format!("rediss://localhost:{port}"));
    for cache in [
        url(),
        url().tls_insecure_accept_any_certificate(),
        url().tls_server_name("cache.example.test").tls_insecure_accept_any_certificate(),
    ] {
        cache.connect().await.unwrap_err();
    }
    let names: [&[u8]; 3] = [b"localhost", b"localhost", b"cache.example.test"];
    for (hello, name) in greetings.join().unwrap().iter().zip(names) {
        assert!(hello.windows(name.len()).any(|bytes| bytes == name), "{hello:?}");
    }
}

/// What the system trusts is where other programs find it. A process of its own, since that is said in the environment.
#[test]
fn without_a_ca_of_its_own_a_program_trusts_whom_the_system_trusts() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let roots = std::env::temp_dir().join(format!("redis-cached-roots-{}.pem", std::process::id()));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&roots, format!("{broken}{}", authority.pem())).unwrap();
    let call = |roots: &std::path::Path| {
        let mut caller = Command::new(env!("CARGO_BIN_EXE_caller"));
        let caller = caller
            .args([&server.tls_url(), "key", "2", "1"])
            .env("SSL_CERT_FILE", roots)
            .env_remove("SSL_CERT_DIR");
        let output = caller.stdin(std::process::Stdio::null()).output().unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (works, said) = call(&roots);
    assert!(works && said.contains("runs 1"), "{said}");
    std::fs::write(&roots, Authority::new().pem()).unwrap();
    let (works, said) = call(&roots);
    assert!(!works && said.contains("a CA that is not trusted here"), "{said}");
    std::fs::remove_file(&roots).unwrap();
    let (works, said) = call(&roots);
    // With Mozilla's compiled in, which a build with all features has, there are some.
    let reasons = ["this system has no root certificates", "a CA that is not trusted here"];
    assert!(!works && reasons.iter().any(|reason| said.contains(reason)), "{said}");
}
