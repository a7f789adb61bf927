//! Arbitrary bytes as an entry and as a payload of each codec: no panic, no overflow, no memory beyond the bound, and
//! nothing that was written is rejected.

#![no_main]

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use redis_cached::fuzz_decode;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    score: Option<f64>,
    tags: Vec<String>,
    attributes: BTreeMap<String, (char, i128)>,
    address: IpAddr,
    next: Option<Box<Record>>,
    shape: Shape,
}

#[derive(Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f32),
    Box { width: u16, height: u16 },
    Group(Vec<Shape>, Duration),
    Hidden(Box<Shape>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Fields { x: u8, y: Vec<Loose> },
    Map(HashMap<String, Loose>),
    Text(String),
    Number(Option<i64>),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Empty,
    Full {
        a: Loose,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
}

#[derive(Serialize, Deserialize)]
struct Nest(Vec<Nest>);

#[derive(Serialize, Deserialize)]
struct Options(Option<Box<Options>>);

fuzz_target!(|bytes: &[u8]| {
    fuzz_decode::<Record>(bytes);
    fuzz_decode::<Vec<Shape>>(bytes);
    fuzz_decode::<Loose>(bytes);
    fuzz_decode::<Tagged>(bytes);
    fuzz_decode::<Nest>(bytes);
    fuzz_decode::<Options>(bytes);
    fuzz_decode::<Vec<()>>(bytes);
    fuzz_decode::<HashMap<Option<u8>, Result<String, bool>>>(bytes);
});
