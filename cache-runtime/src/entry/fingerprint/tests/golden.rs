//! Frozen: another number here makes a miss of every entry that anybody has stored.

use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

use super::changes::Email;
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
        ("()", of::<()>(false), 0xef56_c200_4add_374b),
        ("u32", of::<u32>(false), 0xe98d_4935_7b3a_7a08),
        ("u64", of::<u64>(false), 0x6484_dccf_17e1_3e10),
        ("String", of::<String>(true), 0x502f_305e_5fdf_5f45),
        ("Option<u32>", of::<Option<u32>>(false), 0x1b4a_1985_b1ae_4b89),
        ("Vec<u8>", of::<Vec<u8>>(false), 0x9d87_fc05_bb67_eff2),
        ("(u8, u8)", of::<(u8, u8)>(false), 0x47be_fbef_a8ec_6805),
        ("Result<u8, String>", of::<Result<u8, String>>(false), 0x5d1f_d70c_23d1_4dfd),
        ("IpAddr", of::<std::net::IpAddr>(false), 0x195d_c165_e86a_3358),
        ("Duration", of::<std::time::Duration>(false), 0x1d42_11c2_bf0d_3506),
        ("Role", of::<Role>(false), 0x46e7_47f4_26a0_3d32),
        ("User", of::<User>(false), 0x2c88_fd97_f21c_c39c),
        ("User, readable", of::<User>(true), 0x2c88_fd97_f21c_c39c),
        ("Loose", of::<Loose>(true), 0x384f_6ea3_42bb_f5d2),
        ("(Uuid, User)", of::<(Uuid, User)>(false), 0x5273_a45e_6654_ce6f),
        ("(Email, Role)", of::<(Email, Role)>(false), 0x8f1e_fabc_1893_d62e),
    ];
    let wrong = table.into_iter().filter(|(_, found, frozen)| found != frozen);
    let wrong: Vec<String> = wrong.map(|(name, found, _)| format!("{name}: {found:#018x}")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
