//! Frozen: another number here makes a miss of every entry that anybody has stored.

use serde::Deserialize;
use std::collections::HashMap;

use crate::entry::fingerprint::of;

#[derive(Deserialize)]
#[allow(dead_code)]
struct User {
    id: u64,
    name: String,
    email: Option<String>,
    roles: Vec<Role>,
    parent: Option<Box<User>>,
    settings: HashMap<String, (bool, f64)>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Role {
    Guest,
    Member(u8),
    Admin { since: i64, rights: [u8; 4] },
    Other(String, char),
}

#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code)]
enum Loose {
    Text(String),
    Fields { x: u8, y: Vec<u8> },
}

#[test]
fn fingerprints_are_frozen() {
    let table = [
        ("()", of::<()>(false), 0x0d07_7e3d_77c4_d98b),
        ("u32", of::<u32>(false), 0x8eba_3d7a_44b1_ee85),
        ("u64", of::<u64>(false), 0xeee0_bdc3_51e9_8ca7),
        ("String", of::<String>(true), 0x8a31_f081_c264_711b),
        ("Option<u32>", of::<Option<u32>>(false), 0x135e_0b28_550a_9a61),
        ("Vec<u8>", of::<Vec<u8>>(false), 0x5d96_2c97_3987_18c6),
        ("(u8, u8)", of::<(u8, u8)>(false), 0x0a2f_8752_2426_dbd8),
        ("Result<u8, String>", of::<Result<u8, String>>(false), 0xe7d2_0a4d_052d_9f7a),
        ("IpAddr", of::<std::net::IpAddr>(false), 0x1940_c658_efab_8c01),
        ("Duration", of::<std::time::Duration>(false), 0xad76_3552_21c1_6eb7),
        ("Role", of::<Role>(false), 0x34b8_82a2_8f08_f255),
        ("User", of::<User>(false), 0x2a63_b2ca_c245_3d2f),
        ("User, readable", of::<User>(true), 0x2a63_b2ca_c245_3d2f),
        ("Loose", of::<Loose>(true), 0x067a_ef35_8517_87a8),
    ];
    for (name, found, frozen) in table {
        assert_eq!(found, frozen, "{name}: {found:#018x}");
    }
}
