//! A program that ends at its first panic, as one does that was built with `panic = "abort"`.
//!
//! Each function is called twice, and the second call is a hit. The types have each way to read themselves that a person writes, and
//! panic on whatever they did not write themselves.

use std::{
    collections::HashMap,
    fmt, panic, process,
    sync::atomic::{AtomicUsize, Ordering},
};

use redis_cached::{Cache, redis_cached};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};

/// Indexes into its text, with a visitor of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Code(String);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Code;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Code, E> {
                assert_eq!(text.as_bytes()[1], b'-');
                Ok(Code(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Unwraps what it makes of another type's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
struct Port(String);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let port: u16 = text.parse().expect("a number");
        Ok(Port(port.to_string()))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<u32>", into = "Vec<u32>")]
struct Sorted(Vec<u32>);

impl From<Vec<u32>> for Sorted {
    fn from(numbers: Vec<u32>) -> Self {
        assert!(numbers[0] <= numbers[1]);
        Sorted(numbers)
    }
}

impl From<Sorted> for Vec<u32> {
    fn from(sorted: Sorted) -> Self {
        sorted.0
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Percent(u8);

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(percent: u8) -> Result<Self, String> {
        assert!((10..=100).contains(&percent));
        Ok(Percent(percent))
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

/// Takes exactly three elements.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Triple(Vec<u8>);

impl<'de> Deserialize<'de> for Triple {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Three;
        impl<'de> Visitor<'de> for Three {
            type Value = Triple;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("three numbers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Triple, A::Error> {
                let mut numbers = Vec::new();
                for _ in 0..3 {
                    numbers.push(seq.next_element()?.expect("three"));
                }
                assert!(seq.next_element::<u8>()?.is_none());
                Ok(Triple(numbers))
            }
        }
        deserializer.deserialize_seq(Three)
    }
}

fn even<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    assert!(number > 1 && number % 2 == 0);
    Ok(number)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    code: Code,
    ports: HashMap<String, Port>,
    sorted: Option<Sorted>,
    pair: (Percent, Triple),
    #[serde(deserialize_with = "even")]
    even: u64,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    One(Code),
    Two(Percent, Port),
    Named { triple: Triple },
}

fn everything() -> Everything {
    Everything {
        code: Code("a-b".into()),
        ports: HashMap::from([("http".into(), Port("80".into()))]),
        sorted: Some(Sorted(vec![1, 2])),
        pair: (Percent(50), Triple(vec![1, 2, 3])),
        even: 4,
        shape: Shape::Two(Percent(10), Port("443".into())),
    }
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn count() {
    RUNS.fetch_add(1, Ordering::Relaxed);
}

#[redis_cached(ttl = 60)]
async fn by_position() -> Everything {
    count();
    everything()
}

#[redis_cached(ttl = 60, codec = Json)]
async fn by_name() -> Result<Vec<Everything>, String> {
    count();
    Ok(vec![everything()])
}

#[redis_cached(ttl = 60)]
fn blocking() -> (Code, Everything, Vec<Shape>) {
    count();
    let triple = Triple(vec![4, 5, 6]);
    let shapes = vec![Shape::Empty, Shape::One(Code("c-d".into())), Shape::Named { triple }];
    (Code("e-f".into()), everything(), shapes)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Called before a panic could be caught.
    panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        process::abort();
    }));
    Cache::memory().set_global().expect("the first cache of this program");
    for _ in 0..2 {
        assert_eq!(by_position().await, everything());
        assert_eq!(by_name().await, Ok(vec![everything()]));
        assert_eq!(blocking().1, everything());
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 3, "the second calls are hits");
    println!("three misses, three hits and no panic");
}
