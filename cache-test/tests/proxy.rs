//! The proxy between a client and a server: transparent first, then every fault.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use redis_cached_test::{Direction, Proxy, RedisServer};

/// A connection through the proxy with nothing of a client's own in between.
fn connect(proxy: &Proxy) -> TcpStream {
    let socket = TcpStream::connect(("127.0.0.1", proxy.port())).expect("the proxy listens");
    socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a time limit");
    socket
}

fn ping(socket: &mut TcpStream) -> std::io::Result<String> {
    socket.write_all(b"PING\r\n")?;
    let mut reply = [0; 7];
    socket.read_exact(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

fn is_silent(socket: &mut TcpStream) -> bool {
    ping(socket).is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn without_a_fault_it_is_transparent() {
    let server = RedisServer::builder().password("hunter2").start();
    let proxy = Proxy::start(&server);
    let client = redis::Client::open(proxy.url()).expect("a URL");
    let mut connection = client.get_connection().expect("the proxy listens");
    let value = "x".repeat(1_000_000);
    redis::cmd("SET").arg("k").arg(&value).exec(&mut connection).expect("a large request passes");
    let read: String = redis::cmd("GET").arg("k").query(&mut connection).expect("a large reply passes");
    assert_eq!(read, value);
    assert_eq!((proxy.accepted(), proxy.connections()), (1, 1));

    drop(connection);
    let deadline = Instant::now() + Duration::from_secs(2);
    while proxy.connections() > 0 {
        assert!(Instant::now() < deadline, "a closed connection must go");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn replies_are_delayed() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    proxy.delay_replies(Duration::from_millis(80));
    let begin = Instant::now();
    assert_eq!(ping(&mut socket).expect("late, but right"), "+PONG\r\n");
    assert!(begin.elapsed() >= Duration::from_millis(80));
    proxy.heal();
    let begin = Instant::now();
    ping(&mut socket).expect("in time again");
    assert!(begin.elapsed() < Duration::from_millis(80));
}

#[test]
fn a_pause_holds_bytes_and_delivers_them_after() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    proxy.pause();
    assert!(is_silent(&mut socket));
    proxy.resume();
    let mut reply = [0; 7];
    socket.read_exact(&mut reply).expect("what was held is delivered");
    assert_eq!(&reply, b"+PONG\r\n");
}

#[test]
fn a_black_hole_keeps_what_it_swallowed() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    proxy.black_hole(true);
    assert!(is_silent(&mut socket));
    assert!(is_silent(&mut connect(&proxy)));
    proxy.black_hole(false);
    assert!(is_silent(&mut socket), "a connection that lost bytes must stay silent");
    ping(&mut connect(&proxy)).expect("a new connection works");
}

#[test]
fn a_reply_is_cut_in_its_middle() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    ping(&mut socket).expect("whole");
    proxy.cut_after(Direction::Replies, 3);
    socket.write_all(b"PING\r\n").expect("the request passes");
    let mut reply = String::new();
    socket.read_to_string(&mut reply).expect("closed in order");
    assert_eq!(reply, "+PO");
    ping(&mut connect(&proxy)).expect("it happens once");
}

#[test]
fn a_request_is_cut_in_its_middle() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let monitor = server.monitor();
    let mut socket = connect(&proxy);
    proxy.cut_after(Direction::Requests, 10);
    socket.write_all(b"SET a 1\r\nSET b 2\r\n").expect("the proxy takes it");
    let mut reply = String::new();
    let _ = socket.read_to_string(&mut reply);
    assert_eq!(monitor.commands(), ["SET a 1"]);
}

#[test]
fn connections_are_reset_or_closed() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    ping(&mut socket).expect("open");
    proxy.reset_connections();
    assert_eq!(socket.read(&mut [0; 8]).expect_err("reset").kind(), ErrorKind::ConnectionReset);

    let mut socket = connect(&proxy);
    ping(&mut socket).expect("open");
    proxy.close_connections();
    assert_eq!(socket.read(&mut [0; 8]).expect("closed in order"), 0);
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn new_connections_are_refused_and_open_ones_kept() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    ping(&mut socket).expect("open");
    proxy.refuse(true);
    let refused = TcpStream::connect(("127.0.0.1", proxy.port())).expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    ping(&mut socket).expect("still open");
    proxy.refuse(false);
    ping(&mut connect(&proxy)).expect("accepted again");
    assert_eq!(proxy.accepted(), 2);
}

#[test]
fn it_survives_its_server_and_ends_on_drop() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let mut socket = connect(&proxy);
    ping(&mut socket).expect("open");
    server.kill();
    assert!(ping(&mut socket).is_err());
    server.restart();
    let mut socket = connect(&proxy);
    ping(&mut socket).expect("the new server is reached");

    proxy.pause();
    let port = proxy.port();
    let begin = Instant::now();
    drop(proxy);
    assert!(begin.elapsed() < Duration::from_secs(1), "dropping a paused proxy does not wait");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(ping(&mut socket).is_err());
}
