//! A codec that cannot read a type back is named once, when the function is first called.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use crate::codec::{Bincode, Codec, Json};
use crate::entry::fingerprint::for_codec;

thread_local! {
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what a thread logs to that thread.
struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.with_borrow_mut(|logged| logged.push(record.args().to_string()));
    }

    fn flush(&self) {}
}

fn warnings<T: serde::de::DeserializeOwned, C: Codec>() -> Vec<String> {
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
    for_codec::<T, C>();
    LOGGED.take()
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

#[test]
fn only_where_the_codec_cannot_answer_what_the_type_asks() {
    let warned = warnings::<Vec<Untagged>, Bincode>();
    assert!(
        warned.len() == 1 && warned[0].contains("Untagged") && warned[0].contains("bincode"),
        "{warned:?}"
    );
    assert_eq!(warnings::<Vec<Untagged>, Json>(), [""; 0]);
    assert_eq!(warnings::<Vec<Option<String>>, Bincode>(), [""; 0]);
}
