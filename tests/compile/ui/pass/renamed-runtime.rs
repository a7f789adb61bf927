//! The runtime by another path, where `::redis_cached` is not what it is called.
#![deny(warnings)]

mod reexported {
    pub mod cache {
        pub use redis_cached::*;
    }
}

use reexported::cache::{Fields, KeyPart, redis_cached as remember};
use serde::{Deserialize, Serialize};

#[derive(KeyPart)]
#[key_part(crate = crate::reexported::cache)]
struct Id(u64);

#[derive(KeyPart)]
#[key_part(crate = reexported::cache)]
enum Kind {
    Plain,
}

#[derive(Serialize, Deserialize, Fields)]
#[fields(crate = reexported::cache)]
struct Row {
    id: u64,
}

#[remember(ttl = 60, key = "row:<id>", shape = Hash, crate = reexported::cache)]
fn row(id: u64) -> Row {
    Row { id }
}

#[remember(ttl = 60, key = "<id>:<kind>", crate = crate::reexported::cache)]
fn explicit(id: Id, kind: Kind) -> u64 {
    let Kind::Plain = kind;
    id.0
}

#[remember(ttl = 60, crate = reexported::cache)]
async fn by_default(id: Id) -> std::io::Result<u64> {
    Ok(id.0)
}

fn main() {
    reexported::cache::Cache::memory().sync_scope(|| {
        assert_eq!(explicit(Id(1), Kind::Plain), 1);
        assert_eq!(explicit_entry(&Id(1), &Kind::Plain).key(), "1:Plain");
        assert_eq!(row(7).id, 7);
        assert_eq!(row_entry(7).field(Row::ID).get().blocking().expect("in memory"), Some(7));
        assert!(by_default_entry(&Id(1)).key().ends_with("by_default(1)"));
    });
    drop(by_default(Id(1)));
}
