//! Which function's entries an entry is one of.
//!
//! A key alone does not say. Two templates may give one key, `user:<name>` and `user:me`; and one template serves all
//! instantiations of a generic `impl`. So an entry carries a fingerprint of what its reader must agree in with its writer: the schema of the value's type, the
//! function's `version`, its template, and what the generic parameters around it stand for. Names of functions and arguments
//! are no part of it, so a function and its batch share, and a function that is renamed keeps its entries.

use std::any::type_name;

use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::fingerprint;
use super::fingerprint::Schema;
use crate::codec::Codec;
use crate::shape::{self, Shape};
use crate::util::function_id::FunctionId;
use crate::util::surroundings;

/// What is known of the entries of the function at `site`, in which `Here` is the type of a closure. It runs the type's own
/// `Deserialize`, so take it once.
///
/// Of two instantiations this has two addresses, by which a cache tells their functions apart: their closures' names are in it.
pub(crate) fn of<T: DeserializeOwned, C: Codec, Here>(site: &FunctionId) -> Schema {
    let Schema { fingerprint, unanswered_by } = fingerprint::for_codec::<T, C>();
    Schema { fingerprint: combined(fingerprint, site, type_name::<Here>()), unanswered_by }
}

/// The same for a value that is stored in the shape of this number.
pub(crate) fn of_shaped<T: DeserializeOwned, C: Codec, Here, S: Shape>(site: &FunctionId) -> Schema {
    let Schema { fingerprint, unanswered_by } = of::<T, C, Here>(site);
    Schema {
        fingerprint: xxh3_64_with_seed(&(shape::kind::<S>() as u64).to_le_bytes(), fingerprint),
        unanswered_by,
    }
}

fn combined(schema: u64, site: &FunctionId, closure: &str) -> u64 {
    let instantiation = surroundings::instantiation(surroundings::of(closure));
    let mut text = site.version.to_le_bytes().to_vec();
    // Lengths before texts, so that no text can pass for another's beginning. Without a template the function's path is in the key.
    for part in [site.template.unwrap_or_default(), instantiation] {
        text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    xxh3_64_with_seed(&text, schema)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn site() -> FunctionId {
        FunctionId::new("shop", "get")
    }

    #[test]
    fn whatever_a_reader_must_agree_in_is_in_it() {
        let closures = [
            "shop::get::{{closure}}",
            "shop::Repo<u8>::get::{{closure}}",
            "shop::Repo<u16>::get::{{closure}}",
        ];
        let sites = [
            site(),
            FunctionId { version: 1, ..site() },
            FunctionId { version: 2, ..site() },
            FunctionId { template: Some("user:<>"), ..site() },
            FunctionId { template: Some("user:me"), ..site() },
            FunctionId { template: Some("user:<<>"), ..site() },
            FunctionId { template: Some("<u8>"), ..site() },
        ];
        let all: HashSet<u64> = [7, 8]
            .iter()
            .flat_map(|schema| sites.iter().map(move |site| (schema, site)))
            .flat_map(|(schema, site)| closures.map(|closure| combined(*schema, site, closure)))
            .collect();
        assert_eq!(all.len(), 2 * sites.len() * closures.len());
    }

    #[test]
    fn names_of_functions_and_modules_are_not() {
        let one = combined(7, &site(), "shop::Repo<u8>::get::{{closure}}");
        let moved = FunctionId::new("shop::users", "get_many");
        for closure in [
            "shop::users::Users<u8>::get_many::{{closure}}",
            "shop::users::<impl shop::Repo<u8>>::get_many_entry::{{closure}}",
        ] {
            assert_eq!(combined(7, &moved, closure), one, "{closure}");
        }
    }

    /// Frozen: builds of different days, and of different compilers, share entries.
    #[test]
    fn golden() {
        let site = FunctionId { template: Some("user:<>"), version: 2, ..site() };
        assert_eq!(
            combined(0x0123_4567_89ab_cdef, &site, "shop::Repo<u8>::get::{{closure}}"),
            0x8ee7_8fed_224f_6ac2
        );
    }
}
