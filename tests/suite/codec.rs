//! `codec`: each one round-trips, and none reads what another wrote.

use std::collections::HashMap;

use redis_cached::redis_cached;
use serde::{Deserialize, Serialize};

use crate::{Runs, runs_within_both, within_both};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    numbers: (i8, u64, f64),
    text: Option<String>,
    map: HashMap<String, Vec<bool>>,
    choice: Choice,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Choice {
    Nothing,
    One(u8),
    Named { by: String },
}

fn everything() -> Everything {
    Everything {
        numbers: (-1, u64::MAX, 0.1),
        text: Some("é".into()),
        map: HashMap::from([("k".into(), vec![true, false])]),
        choice: Choice::Named { by: "name".into() },
    }
}

/// What the binary codecs that write no field names cannot do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

static RUNS: Runs = Runs::new();

macro_rules! functions {
    ($($name:ident $untagged:ident $codec:ident,)*) => {$(
        #[redis_cached(ttl = 60, key = "value", codec = $codec)]
        async fn $name() -> Everything {
            RUNS.count();
            everything()
        }

        #[redis_cached(ttl = 60, key = "untagged", codec = $codec)]
        async fn $untagged() -> Vec<Untagged> {
            vec![Untagged::Number(1), Untagged::Text("x".into())]
        }
    )*};
}

functions! {
    bincode bincode_untagged Bincode,
    json json_untagged Json,
    messagepack messagepack_untagged MessagePack,
    postcard postcard_untagged Postcard,
}

#[tokio::test]
async fn each_reads_its_own_and_only_its_own() {
    runs_within_both(&RUNS, 8, async |cache| {
        // All share one key: each finds the former one's entry, refuses it, and replaces it.
        for _ in 0..2 {
            assert_eq!((bincode().await, bincode().await), (everything(), everything()));
            assert_eq!((json().await, json().await), (everything(), everything()));
            assert_eq!((messagepack().await, messagepack().await), (everything(), everything()));
            assert_eq!((postcard().await, postcard().await), (everything(), everything()));
        }
        assert_eq!(cache.stats().functions.iter().map(|function| function.unusable).sum::<u64>(), 7);
    })
    .await;
}

#[tokio::test]
async fn what_a_codec_cannot_read_back_is_computed_each_time_and_right() {
    within_both(async |_| {
        for _ in 0..2 {
            let values = [
                bincode_untagged().await,
                postcard_untagged().await,
                json_untagged().await,
                messagepack_untagged().await,
            ];
            for value in values {
                assert_eq!(value, [Untagged::Number(1), Untagged::Text("x".into())]);
            }
        }
        assert!(messagepack_untagged_entry().get().await.unwrap().is_some());
        json_untagged().await;
        assert!(json_untagged_entry().get().await.unwrap().is_some());
        bincode_untagged().await;
        assert!(bincode_untagged_entry().get().await.unwrap().is_none());
    })
    .await;
}
