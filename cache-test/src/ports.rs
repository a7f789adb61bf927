//! Ports to listen on, each for one listener of this process.
//!
//! They are below those that systems give to clients and to whoever asks for any. Else the port of a server that is gone for a while could be
//! taken by a connection of another test, or by its own client, which then talks to itself; and the server could not come back.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Where servers and proxies listen.
const SINGLE: Range<u16> = 10_000..16_384;
/// Where servers in cluster mode listen. The ports of their bus are [`BUS`] higher.
const CLUSTER: Range<u16> = 16_384..22_768;
const BUS: u16 = 10_000;

/// A listener on a free port of 127.0.0.1, for a peer of one's own: a port from 10,000 to 16,383 that nobody in this process has had, and no other process has.
///
/// ```
/// let listener = redis_cached_test::listen();
/// assert!((10_000..16_384).contains(&listener.local_addr()?.port()));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If none is free.
pub fn listen() -> TcpListener {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(first);
    next_of(&SINGLE, &NEXT, bind)
}

/// The port of a listener that was free a moment ago.
pub(crate) fn free() -> u16 {
    listen().local_addr().expect("a bound socket has an address").port()
}

/// The same of [`CLUSTER`]. The port of its bus is free, too.
pub(crate) fn free_for_cluster() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(first);
    next_of(&CLUSTER, &NEXT, |port| bind(port).and(bind(port + BUS)).and(Some(port)))
}

/// Processes that run at the same time, whose ids are near each other, begin far apart.
fn first() -> AtomicU16 {
    AtomicU16::new((std::process::id().wrapping_mul(127) % u32::from(u16::MAX)) as u16)
}

fn next_of<T>(range: &Range<u16>, next: &AtomicU16, take: impl Fn(u16) -> Option<T>) -> T {
    let mut ports =
        range.clone().map(|_| range.start + next.fetch_add(1, Ordering::Relaxed) % range.len() as u16);
    ports.find_map(take).unwrap_or_else(|| panic!("none of the ports {range:?} is free"))
}

fn bind(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}
