//! What an annotation weighs where nothing is called yet: the size of a call's future, the stack that a function takes which calls
//! itself, and how much code there is to compile for each function.
//!
//! ```text
//! cargo build -p redis-cached-guard && target/debug/weight
//! ```
//!
//! Without optimisation: there the stack is deepest, and there most of the waiting for compilers is done.

use std::cell::Cell;
use std::collections::HashMap;
use std::process::{Command, ExitCode};

use redis_cached::{Cache, redis_cached};
use redis_cached_guard::said::code_bytes;
use redis_cached_guard::{User, Verdict};
use tokio::runtime::Builder;

/// Compilers differ by so much.
const SLACK: f64 = 0.15;

/// How many functions `many-functions` has more than `few-functions`.
const MORE: u64 = 16;

/// The thread on which functions call themselves.
const ROOM: usize = 2 * 1024 * 1024;

#[redis_cached(ttl = 60)]
async fn plain(id: u64) -> User {
    User::new(id)
}

#[redis_cached(ttl = 60)]
async fn fallible(id: u64) -> Result<User, String> {
    Ok(User::new(id))
}

#[redis_cached(ttl = 60, stale_while_revalidate = 60)]
async fn refreshing(id: u64) -> User {
    User::new(id)
}

#[redis_cached(ttl = 60, tags = ["guard:<id>"], early_refresh = 1.0)]
async fn tagged(id: u64) -> User {
    User::new(id)
}

#[redis_cached(ttl = 60, local = "1h")]
async fn local(id: u64) -> User {
    User::new(id)
}

#[redis_cached(ttl = 60, batch = ids)]
async fn batch(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().map(|id| (*id, User::new(*id))).collect()
}

/// Holds a kilobyte while it waits.
#[redis_cached(ttl = 60)]
async fn large(id: u64) -> User {
    let room = [id; 128];
    tokio::task::yield_now().await;
    User::new(room[0])
}

thread_local! {
    /// Where the stack was at the outermost call, and at the innermost.
    static STACK: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn mark(is_outermost: bool) {
    let here = 0_u8;
    let here = std::ptr::from_ref(&here).addr();
    let (outermost, _) = STACK.get();
    STACK.set((if is_outermost { here } else { outermost }, here));
}

#[redis_cached(ttl = 60)]
async fn deep(depth: u64) -> u64 {
    mark(depth == DEPTH);
    if depth == 0 { 0 } else { Box::pin(deep(depth - 1)).await + 1 }
}

#[redis_cached(ttl = 60)]
async fn deep_and_fallible(depth: u64) -> Result<u64, String> {
    mark(depth == DEPTH);
    if depth == 0 { Ok(0) } else { Ok(Box::pin(deep_and_fallible(depth - 1)).await? + 1) }
}

#[redis_cached(ttl = 60)]
fn deep_and_blocking(depth: u64) -> u64 {
    mark(depth == DEPTH);
    if depth == 0 { 0 } else { deep_and_blocking(depth - 1) + 1 }
}

const DEPTH: u64 = 250;

fn main() -> ExitCode {
    if !cfg!(debug_assertions) {
        println!("The bounds are for builds without optimisation: build this program without --release.");
        return ExitCode::FAILURE;
    }
    let mut verdicts = futures();
    let deep = std::thread::Builder::new().stack_size(ROOM).spawn(stacks);
    verdicts.extend(deep.expect("a thread").join().expect("the calls end"));
    verdicts.push(Verdict::on("weight/code", code(), SLACK));
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    if verdicts.iter().all(Verdict::is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Bytes of a call's future.
fn futures() -> Vec<Verdict> {
    let sizes = [
        ("weight/future", size_of_val(&plain(1))),
        ("weight/future-fallible", size_of_val(&fallible(1))),
        ("weight/future-refreshing", size_of_val(&refreshing(1))),
        ("weight/future-tagged", size_of_val(&tagged(1))),
        ("weight/future-local", size_of_val(&local(1))),
        ("weight/future-batch", size_of_val(&batch(&[1]))),
        ("weight/future-large", size_of_val(&large(1))),
    ];
    sizes.into_iter().map(|(name, bytes)| Verdict::on(name, bytes as f64, SLACK)).collect()
}

/// Bytes of stack that a call takes within another. A stack that is too small for all of them ends the program.
fn stacks() -> Vec<Verdict> {
    Cache::memory().set_global().expect("it is the first");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_eq!(runtime.block_on(deep(DEPTH)), DEPTH);
    let plain = stack("weight/stack");
    assert_eq!(runtime.block_on(deep_and_fallible(DEPTH)), Ok(DEPTH));
    let fallible = stack("weight/stack-fallible");
    assert_eq!(deep_and_blocking(DEPTH), DEPTH);
    vec![plain, fallible, stack("weight/stack-blocking")]
}

fn stack(name: &str) -> Verdict {
    let (outermost, innermost) = STACK.get();
    Verdict::on(name, outermost.abs_diff(innermost) as f64 / DEPTH as f64, SLACK)
}

/// Bytes of machine code that a function has more of. What the compiler has to make, and no clock.
fn code() -> f64 {
    let [few, many] = ["few-functions", "many-functions"].map(|program| {
        let this = std::env::current_exe().expect("this program has a path");
        let output = Command::new("size").arg("--format=sysv").arg(this.with_file_name(program)).output();
        let output = output.unwrap_or_else(|error| panic!("`size` of binutils cannot be run: {error}"));
        let said = String::from_utf8_lossy(&output.stdout);
        code_bytes(&said).unwrap_or_else(|| panic!("no size of {program}, built with this program: {said}"))
    });
    (many - few) as f64 / MORE as f64
}
