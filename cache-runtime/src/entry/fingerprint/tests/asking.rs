//! A type that a codec cannot read back is known before a value is.

use serde::{Deserialize, Serialize};

use crate::codec::{Bincode, Json};
use crate::entry::fingerprint::for_codec;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

#[test]
fn only_where_the_codec_cannot_answer_what_the_type_asks() {
    assert_eq!(for_codec::<Vec<Untagged>, Bincode>().unanswered_by, Some("bincode"));
    assert_eq!(for_codec::<Vec<Untagged>, Json>().unanswered_by, None);
    assert_eq!(for_codec::<Vec<Option<String>>, Bincode>().unanswered_by, None);
}
