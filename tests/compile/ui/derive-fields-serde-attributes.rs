use redis_cached::Fields;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Default, Fields)]
#[serde(rename_all = "camelCase", default)]
struct User {
    #[serde(rename = "number")]
    id: u64,
    #[serde(skip)]
    session: u64,
    #[serde(with = "seconds", skip_serializing_if = "is_zero")]
    age: u64,
    #[serde(flatten)]
    address: Address,
}

#[derive(Serialize, Deserialize, Default)]
struct Address {
    city: String,
}

mod seconds {
    pub(super) fn serialize<S: serde::Serializer>(_: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_unit()
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(_: D) -> Result<u64, D::Error> {
        Ok(0)
    }
}

fn is_zero(age: &u64) -> bool {
    *age == 0
}

fn main() {}
