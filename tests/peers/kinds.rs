//! The kinds of peers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached_test_support::{Act, Event, Peer};

pub(super) type Words<'a> = &'a [Vec<u8>];

pub(super) fn kinds() -> Vec<(&'static str, Peer)> {
    let mut all = at_the_door();
    all.extend(endless());
    all.extend(other_types());
    all.extend(out_of_step());
    all.extend(refusals());
    all
}

/// What does as `script` has it, and is quiet before it is asked.
pub(super) fn asked(script: impl Fn(Words<'_>) -> Act + Send + Sync + 'static) -> Peer {
    Peer::start(move |event| match event {
        Event::Accepted => Act::Nothing,
        Event::Asked(words) => script(words),
    })
}

/// What greets, and then does as `script` has it.
pub(super) fn greets(script: impl Fn(Words<'_>) -> Act + Send + Sync + 'static) -> Peer {
    asked(move |words| if is_greeting(words) { usual(words) } else { script(words) })
}

/// What does the same whenever it is asked.
fn always(act: Act) -> Peer {
    asked(move |_| act.clone())
}

/// What greets, and then says the same whatever is asked.
fn says(text: &str) -> Peer {
    let text = text.as_bytes().to_vec();
    greets(move |_| Act::Say(text.clone()))
}

/// What says something before it is asked, and nothing else.
fn speaks_first(act: Act) -> Peer {
    Peer::start(move |event| match event {
        Event::Accepted => act.clone(),
        Event::Asked(_) => Act::Nothing,
    })
}

pub(super) fn name(words: Words<'_>) -> String {
    words.first().map(|name| String::from_utf8_lossy(name).to_uppercase()).unwrap_or_default()
}

fn is_greeting(words: Words<'_>) -> bool {
    ["HELLO", "CLIENT", "PING", "SELECT", "AUTH"].contains(&&*name(words))
}

fn writes(words: Words<'_>) -> bool {
    ["SET", "EVAL", "EVALSHA", "UNLINK", "DEL"].contains(&&*name(words))
}

fn say(text: &str) -> Act {
    Act::Say(text.as_bytes().to_vec())
}

/// A server that has nothing and keeps nothing.
pub(super) fn usual(words: Words<'_>) -> Act {
    say(&match &*name(words) {
        "HELLO" => "%7\r\n+server\r\n+redis\r\n+version\r\n+7.2.0\r\n+proto\r\n:3\r\n+id\r\n:1\r\n+mode\r\n+standalone\r\n+role\r\n+master\r\n+modules\r\n*0\r\n".into(),
        "PING" => "+PONG\r\n".into(),
        "GET" => "_\r\n".into(),
        "MGET" => format!("*{}\r\n{}", words.len() - 1, "_\r\n".repeat(words.len() - 1)),
        "PTTL" => ":-2\r\n".into(),
        "SET" if words.iter().any(|word| word == b"GET") => "_\r\n".into(),
        "EVAL" | "EVALSHA" | "UNLINK" | "DEL" => ":1\r\n".into(),
        _ => "+OK\r\n".into(),
    })
}

fn drip(act: Act) -> Act {
    match act {
        Act::Say(bytes) => Act::Drip(bytes, Duration::from_millis(50)),
        other => other,
    }
}

fn at_the_door() -> Vec<(&'static str, Peer)> {
    let close = || Act::SayAndClose(Vec::new());
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    vec![
        ("is silent", always(Act::Nothing)),
        ("accepts and closes", speaks_first(close())),
        ("accepts and resets", always(Act::Reset)),
        ("closes when it is asked", always(close())),
        ("closes after the greeting", greets(move |_| close())),
        (
            "answers HELLO and closes at PING",
            asked(move |words| if name(words) == "HELLO" { usual(words) } else { close() }),
        ),
        (
            "greets and closes at once",
            asked(|words| match (name(words) == "PING", usual(words)) {
                (true, Act::Say(bytes)) => Act::SayAndClose(bytes),
                (_, act) => act,
            }),
        ),
        ("greets and resets", greets(|_| Act::Reset)),
        ("closes its half after the greeting", greets(|_| Act::CloseHalf)),
        ("closes at writes", greets(move |words| if writes(words) { close() } else { usual(words) })),
        (
            "answers HELLO only",
            asked(|words| if name(words) == "HELLO" { usual(words) } else { Act::Nothing }),
        ),
        ("answers PING only", asked(|words| if is_greeting(words) { usual(words) } else { Act::Nothing })),
        ("is an HTTP server", always(Act::SayAndClose(http.clone()))),
        ("is an HTTP server that stays", always(Act::Say(http))),
        ("speaks TLS", always(Act::SayAndClose(vec![0x15, 3, 1, 0, 2, 2, 70]))),
        ("speaks first: SSH", speaks_first(say("SSH-2.0-OpenSSH_9.6\r\n"))),
        ("speaks first: SMTP", speaks_first(say("220 mail ESMTP\r\n"))),
        ("sends random bytes", speaks_first(Act::Say(random(10_000)))),
        ("answers with random bytes", greets(|_| Act::Say(random(100)))),
    ]
}

fn random(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

fn endless() -> Vec<(&'static str, Peer)> {
    let for_ever = |first: &str, again: &str| {
        let (first, again) = (first.as_bytes().to_vec(), again.as_bytes().repeat(1000));
        greets(move |_| Act::SayForEver(first.clone(), again.clone()))
    };
    vec![
        ("sends a status without end", for_ever("+", "x")),
        ("sends an error without end", for_ever("-ERR ", "x")),
        ("sends a number without end", for_ever(":", "1")),
        ("sends a string of 8 EB", for_ever("$9223372036854775807\r\n", "x")),
        ("sends a verbatim string of -1", for_ever("=-1\r\n", "x")),
        ("sends lists in lists", for_ever("", "*1\r\n")),
        ("sends maps in maps", for_ever("", "%1\r\n+a\r\n")),
        ("sends attributes without end", for_ever("", "|1\r\n+a\r\n+b\r\n")),
        ("sends a list of 2^31", for_ever("*2147483648\r\n", "+a\r\n")),
        ("sends a map of 2^62", for_ever("%4611686018427387904\r\n", "+a\r\n")),
        ("sends pushes without end", for_ever("", ">2\r\n+invalidate\r\n*1\r\n+a\r\n")),
        ("sends answers without end", for_ever("", "+OK\r\n")),
        ("sends lines without end", for_ever("", "\r\n")),
        ("drips its answers", greets(|words| drip(usual(words)))),
        ("drips its greeting", asked(|words| drip(usual(words)))),
        ("claims 500 MB and drips", greets(|_| drip(say(&format!("$500000000\r\n{}", "x".repeat(1000)))))),
    ]
}

fn other_types() -> Vec<(&'static str, Peer)> {
    vec![
        ("says a status", says("+OK\r\n")),
        ("says an integer", says(":7\r\n")),
        ("says an integer that is none", says(":seven\r\n")),
        ("says an integer of 30 digits", says(":999999999999999999999999999999\r\n")),
        ("says a list", says("*2\r\n+a\r\n+b\r\n")),
        ("says an empty list", says("*0\r\n")),
        ("says no list", says("*-1\r\n")),
        ("says a map", says("%1\r\n+a\r\n+b\r\n")),
        ("says a set", says("~1\r\n+a\r\n")),
        ("says nothing", says("_\r\n")),
        ("says nothing, as of old", says("$-1\r\n")),
        ("says a double", says(",nan\r\n")),
        ("says a boolean", says("#t\r\n")),
        ("says a boolean that is none", says("#x\r\n")),
        ("says a large number", says("(12345678901234567890123456789012345678901234567890\r\n")),
        ("says a verbatim string", says("=7\r\ntxt:abc\r\n")),
        ("says a verbatim string without a format", says("=3\r\nabc\r\n")),
        ("says an attribute", says("|1\r\n+ttl\r\n:1\r\n$1\r\na\r\n")),
        ("says an empty string", says("$0\r\n\r\n")),
        ("says text", says("$17\r\nLorem ipsum dolor\r\n")),
        ("says a string of length -2", says("$-2\r\n")),
        ("says a string of length 1.5", says("$1.5\r\na\r\n")),
        ("says a string that is longer than it says", says("$1\r\nabc\r\n")),
    ]
}

fn out_of_step() -> Vec<(&'static str, Peer)> {
    let twice = |words: Words<'_>| match usual(words) {
        Act::Say(bytes) => Act::Say(bytes.repeat(2)),
        other => other,
    };
    let turn = AtomicUsize::new(0);
    let every_other = move |words: Words<'_>| match turn.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => usual(words),
        _ => Act::Nothing,
    };
    let pushes = |words: Words<'_>| match usual(words) {
        Act::Say(answer) => {
            let mut bytes =
                b">2\r\n+invalidate\r\n_\r\n>2\r\n+invalidate\r\n:3\r\n>1\r\n+message\r\n".to_vec();
            bytes.extend(answer);
            Act::Say(bytes)
        }
        other => other,
    };
    vec![
        ("answers twice", greets(twice)),
        ("answers every other time", greets(every_other)),
        ("answers with pushes between", greets(pushes)),
        ("says a push in an answer's place", says(">1\r\n:1\r\n")),
        ("says an empty push", says(">0\r\n")),
        ("says what goes wrong in the middle", says("*2\r\n+a\r\n&b\r\n")),
        (
            "gives one of several",
            greets(|words| if name(words) == "MGET" { say("*1\r\n_\r\n") } else { usual(words) }),
        ),
        ("ends in the middle of an answer", greets(|_| Act::SayAndClose(b"$10\r\nabc".to_vec()))),
    ]
}

fn refusals() -> Vec<(&'static str, Peer)> {
    let at_greeting = |error: &'static str| always(say(&format!("-{error}\r\n")));
    let at_commands = |error: &'static str| greets(move |_| say(&format!("-{error}\r\n")));
    let at_writes = |error: &'static str| {
        greets(move |words| if writes(words) { say(&format!("-{error}\r\n")) } else { usual(words) })
    };
    vec![
        ("wants a password", at_greeting("NOAUTH Authentication required.")),
        ("refuses the protocol", at_greeting("NOPROTO unsupported protocol version")),
        ("knows no command", at_greeting("ERR unknown command")),
        ("is loading", at_greeting("LOADING Redis is loading the dataset in memory")),
        ("has lost its primary", at_greeting("MASTERDOWN Link with MASTER is down")),
        (
            "has too many clients",
            always(Act::SayAndClose(b"-ERR max number of clients reached\r\n".to_vec())),
        ),
        ("refuses everything", at_commands("ERR no")),
        ("permits nothing", at_commands("NOPERM this user has no permissions")),
        ("is loading after the greeting", at_commands("LOADING Redis is loading the dataset in memory")),
        ("is busy", at_commands("BUSY Redis is busy running a script")),
        ("is a cluster's: MOVED", at_commands("MOVED 1234 127.0.0.1:1")),
        ("is a cluster's: ASK", at_commands("ASK 1234 127.0.0.1:1")),
        ("is a cluster's: CROSSSLOT", at_writes("CROSSSLOT Keys in request don't hash to the same slot")),
        ("aborts", at_commands("EXECABORT Transaction discarded")),
        ("is read-only", at_writes("READONLY You can't write against a read only replica.")),
        ("is full", at_writes("OOM command not allowed when used memory > 'maxmemory'.")),
        ("cannot save", at_writes("MISCONF Redis is configured to save RDB snapshots")),
        (
            "has no scripts",
            greets(|words| {
                if name(words).starts_with("EVAL") { say("-ERR unknown command\r\n") } else { usual(words) }
            }),
        ),
        ("says an error that is no text", greets(|_| Act::Say(b"-\xff\xfe\xfd \x80\r\n".to_vec()))),
        ("says an empty error", says("-\r\n")),
        ("says a long error", says(&format!("-ERR {}\r\n", "x".repeat(60_000)))),
        ("says an error as a string", says("!11\r\nERR too bad\r\n")),
    ]
}
