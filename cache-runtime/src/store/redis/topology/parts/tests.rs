mod exhaustive;

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use redis::{Value, parse_redis_value};
use tokio::sync::Barrier;

use super::*;
use crate::store::redis::error::translate;

/// Nodes are numbers. A key is its owner's, as the table has it; what a redirection names takes its place in the table.
#[derive(Default)]
struct Table {
    owners: RefCell<HashMap<Vec<u8>, u16>>,
    learned: RefCell<Vec<(u16, String)>>,
}

impl Table {
    fn of(keys: &[(&str, u16)]) -> Self {
        let owners = keys.iter().map(|(key, node)| (key.as_bytes().to_vec(), *node)).collect();
        Self { owners: RefCell::new(owners), ..Self::default() }
    }
}

impl Owners for Table {
    type Destination = u16;

    fn owner(&self, key: &[u8]) -> Result<u16, Error> {
        let owner = self.owners.borrow().get(key).copied();
        owner.ok_or_else(|| Error::new(ErrorKind::Server, "nobody has the slot"))
    }

    fn redirected(&self, by: &u16, redirection: &RedisError) -> Option<u16> {
        let detail = redirection.detail()?;
        self.learned.borrow_mut().push((*by, format!("{} {detail}", redirection.code()?)));
        detail.rsplit(':').next()?.parse().ok()
    }
}

fn said(line: &str) -> Error {
    match parse_redis_value(format!("-{line}\r\n").as_bytes()) {
        Ok(Value::ServerError(error)) => translate("GET", error.into()),
        other => panic!("{other:?}"),
    }
}

/// The answers, with errors as text.
async fn asked(
    table: &Table,
    keys: &[&str],
    ask: impl AsyncFn(u16, Vec<&str>) -> KeyResults<String>,
) -> Vec<Result<String, String>> {
    let ask = &ask;
    let part = |node, keys| async move { ask(node, keys).await };
    let answers = ask_each(table, keys, |key| key.as_bytes(), part).await;
    answers.into_iter().map(|answer| answer.map_err(|error| error.to_string())).collect()
}

fn at(node: u16, keys: &[&str]) -> Vec<Result<String, Error>> {
    keys.iter().map(|key| Ok(format!("{key}@{node}"))).collect()
}

#[tokio::test]
async fn parts_run_at_once_and_answers_keep_the_order_of_the_keys() {
    let table = Table::of(&[("a", 1), ("b", 2), ("c", 1), ("d", 3)]);
    let (all, parts) = (Barrier::new(3), RefCell::new(Vec::new()));
    let ask = async |node, keys: Vec<&str>| {
        parts.borrow_mut().push((node, keys.concat()));
        // Parts that were asked one after the other would deadlock here.
        tokio::time::timeout(Duration::from_secs(10), all.wait()).await.expect("all at once");
        Ok(at(node, &keys))
    };
    let answers = asked(&table, &["a", "b", "c", "d"], ask).await;
    assert_eq!(answers, ["a@1", "b@2", "c@1", "d@3"].map(|answer| Ok(answer.to_owned())));
    assert_eq!(parts.into_inner(), [(1, "ac".into()), (2, "b".into()), (3, "d".into())]);
}

#[tokio::test]
async fn a_node_that_is_away_and_a_slot_of_nobody_fail_their_own_keys() {
    let table = Table::of(&[("a", 1), ("b", 2), ("d", 2)]);
    let ask = async |node, keys: Vec<&str>| match node {
        1 => Ok(at(node, &keys)),
        _ => Err(Error::new(ErrorKind::Timeout, "no answer")),
    };
    let answers = asked(&table, &["b", "a", "c", "d"], ask).await;
    let away = || Err("no answer".to_owned());
    assert_eq!(answers, [away(), Ok("a@1".into()), Err("nobody has the slot".into()), away()]);
    let too_few = asked(&table, &["a"], async |_, _| Ok(Vec::new())).await;
    assert_eq!(too_few, [Err("an answer is missing".into())]);
    assert!(asked(&table, &[], async |_, _| panic!("nothing is asked for no keys")).await.is_empty());
}

#[tokio::test]
async fn what_is_redirected_goes_elsewhere_and_nothing_else_is_sent_again() {
    let table = Table::of(&[("a", 1), ("b", 1), ("c", 1)]);
    let sent = RefCell::new(Vec::new());
    let ask = async |node, keys: Vec<&str>| {
        let answer = |key: &&str| {
            sent.borrow_mut().push(format!("{key}@{node}"));
            match (*key, node) {
                ("b", 1) => Err(said("MOVED 3300 127.0.0.1:2")),
                ("c", 1) => Err(said("ASK 7365 127.0.0.1:3")),
                ("b", 2) => Err(Error::new(ErrorKind::Timeout, "no answer")),
                _ => Ok(format!("{key}@{node}")),
            }
        };
        Ok(keys.iter().map(answer).collect())
    };
    let answers = asked(&table, &["a", "b", "c"], ask).await;
    assert_eq!(answers, [Ok("a@1".into()), Err("no answer".into()), Ok("c@3".into())]);
    assert_eq!(sent.into_inner(), ["a@1", "b@1", "c@1", "b@2", "c@3"]);
    let learned = [(1, "MOVED 3300 127.0.0.1:2".to_owned()), (1, "ASK 7365 127.0.0.1:3".to_owned())];
    assert_eq!(table.learned.into_inner(), learned);
}

#[tokio::test]
async fn a_circle_of_redirections_ends() {
    let (table, sent) = (Table::of(&[("a", 1)]), RefCell::new(Vec::new()));
    let ask = async |node, keys: Vec<&str>| {
        sent.borrow_mut().push(node);
        Ok(keys.iter().map(|_| Err(said(&format!("MOVED 1 127.0.0.1:{}", 3 - node)))).collect())
    };
    let answers = asked(&table, &["a"], ask).await;
    assert_eq!(answers, [Err("cannot GET: MOVED 1 127.0.0.1:2".into())]);
    assert_eq!(sent.into_inner(), [1, 2, 1, 2, 1]);
}
