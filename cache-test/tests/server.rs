//! The server that tests get: it starts, breaks and recovers on command, and reports truthfully.

use std::path::Path;
use std::time::{Duration, Instant};

use redis::Value;
use redis_cached_test::{RedisServer, servers};

#[test]
fn every_program_starts_and_answers() {
    for program in servers() {
        let server = RedisServer::builder().program(&program).start();
        server.cli(&["SET", "k", "v"]);
        assert_eq!(server.query::<String>(&["GET", "k"]), "v", "{program}");
        assert!(server.info("redis_version").is_some(), "{program}");
        assert_ne!(server.port(), 6379);
    }
}

#[test]
fn a_killed_server_is_gone_and_a_restarted_one_is_empty_on_the_same_port() {
    let server = RedisServer::start();
    server.cli(&["SET", "k", "v"]);
    let (port, pid) = (server.port(), server.pid());
    server.kill();
    assert!(redis::Client::open(server.url()).expect("a URL").get_connection().is_err());

    server.restart();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), pid);
    assert_eq!(server.cli(&["GET", "k"]), Value::Nil);
}

#[test]
fn a_paused_server_answers_nothing_until_it_is_resumed() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    connection.set_read_timeout(Some(Duration::from_millis(100))).expect("a time limit");
    server.pause();
    assert!(redis::cmd("PING").exec(&mut connection).is_err());
    server.resume();
    server.cli(&["PING"]);
}

#[test]
fn a_paused_server_can_be_dropped() {
    let server = RedisServer::start();
    server.pause();
    let begin = Instant::now();
    drop(server);
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_password_and_a_unix_socket() {
    let server = RedisServer::builder().password("hunter2").unix_socket(true).start();
    for url in [server.url(), server.unix_url()] {
        let client = redis::Client::open(url).expect("a URL");
        let mut connection = client.get_connection().expect("a connection");
        redis::cmd("SET").arg("k").arg("v").exec(&mut connection).expect("the password is right");
    }
    let monitor = server.monitor();
    server.cli(&["GET", "k"]);
    assert_eq!(monitor.commands(), ["GET k"]);

    let stranger = redis::Client::open(format!("redis://127.0.0.1:{}", server.port())).expect("a URL");
    let mut connection = stranger.get_connection().expect("Redis lets anybody connect");
    assert!(redis::cmd("GET").arg("k").exec(&mut connection).is_err());
}

#[test]
fn further_arguments_reach_the_server() {
    let server = RedisServer::builder().arg("--maxmemory").arg("10mb").start();
    assert_eq!(server.info("maxmemory").as_deref(), Some("10485760"));
}

#[test]
fn the_monitor_sees_every_command_but_no_set_up() {
    let server = RedisServer::start();
    let monitor = server.monitor();
    server.cli(&["SET", "a key", "v\r\n"]);
    server.cli(&["EVAL", "return redis.call('get', KEYS[1])", "1", "a key"]);
    let commands = monitor.commands();
    let names: Vec<_> = commands.iter().map(|command| command.name()).collect();
    assert_eq!(names, ["SET", "EVAL", "GET"]);
    assert_eq!(commands[0], r#"SET "a key" "v\r\n""#);
    assert!(commands[2].in_script());

    monitor.clear();
    assert!(monitor.commands().is_empty());
    for number in 0..1000 {
        server.query::<Option<String>>(&["GET", &number.to_string()]);
    }
    assert_eq!(monitor.commands().len(), 1000);
}

#[test]
fn a_server_says_what_it_knows() {
    let server = RedisServer::start();
    assert!(server.takes(&["SET", "k", "v", "PX", "1000"]));
    assert!(!server.takes(&["SET", "k", "v", "NOSUCHOPTION"]));
    assert!(!server.takes(&["NOSUCHCOMMAND", "k"]));
}

#[test]
#[should_panic(expected = "WRONGTYPE")]
fn a_refusal_for_another_reason_is_no_answer() {
    let server = RedisServer::start();
    server.cli(&["LPUSH", "k", "v"]);
    server.takes(&["GET", "k"]);
}

#[test]
fn commands_are_counted_without_the_counting() {
    let server = RedisServer::start();
    let before = server.commands_processed();
    server.cli(&["SET", "k", "v"]);
    server.cli(&["GET", "k"]);
    assert_eq!(server.commands_processed() - before, 2);
    server.flush_all();
    assert_eq!(server.cli(&["GET", "k"]), Value::Nil);
}

#[test]
fn servers_run_side_by_side() {
    let [one, other] = [RedisServer::start(), RedisServer::start()];
    one.cli(&["SET", "k", "v"]);
    assert_eq!(other.cli(&["GET", "k"]), Value::Nil);
}

#[test]
#[should_panic(expected = "install")]
fn a_missing_program_is_a_failure_that_says_what_to_do() {
    RedisServer::builder().program("no-such-redis-server").start();
}

#[test]
#[should_panic(expected = "no-such-option")]
fn a_server_that_ends_at_once_is_quoted() {
    RedisServer::builder().arg("--no-such-option").arg("1").start();
}

/// The child half of the next test: it starts a server, says which, and ends without a destructor.
#[test]
#[ignore = "run by the test below"]
fn start_a_server_and_abort() {
    let server = RedisServer::start();
    std::fs::write(std::env::var("PID_FILE").expect("PID_FILE is set"), server.pid().to_string())
        .expect("a file");
    std::process::abort();
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_ends_with_its_process_even_if_that_aborts() {
    let file = std::env::temp_dir().join(format!("rc-pid-{}", std::process::id()));
    let status = std::process::Command::new(std::env::current_exe().expect("we are a file"))
        .args(["--ignored", "--exact", "start_a_server_and_abort"])
        .env("PID_FILE", &file)
        .output()
        .expect("we can run ourselves")
        .status;
    assert!(!status.success());
    let pid = std::fs::read_to_string(&file).expect("the child wrote its server's id");
    std::fs::remove_file(&file).expect("it is there");

    let deadline = Instant::now() + Duration::from_secs(5);
    while runs(&pid) {
        assert!(Instant::now() < deadline, "server {pid} outlived its process");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process runs. One that has ended stays listed until its new parent has asked for it.
#[cfg(target_os = "linux")]
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
