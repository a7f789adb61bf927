//! A lease in place of a look-up.

use std::time::Duration;

use super::{AnyStore, Found, Left, OneKey, Store, Swap, bytes, left, soon, timed};

/// What is there is given as by a look-up, and else the lease is put there, where one command does both. Where none does, or it is not
/// known yet, nothing is sent.
pub(super) async fn a_lease_is_asked_for_in_place_of_a_value(store: &AnyStore) {
    let (lease, ttl) = ([b'L'; 17], Duration::from_secs(60));
    // To store twice teaches what a server can do.
    for _ in 0..2 {
        store.acquire_one("first", lease, ttl, soon()).await.expect("a lease");
        let swap = Swap { key: "first", mark: &lease, value: b"value", ttl: None };
        assert!(store.swap_one(swap, soon()).await.expect("a store"));
        match store.get_or_acquire("first", &lease, ttl, soon()).await.expect("an answer") {
            Some(found) => assert_eq!(found, Found::Bytes(b"value".to_vec())),
            None => assert!(matches!(store, AnyStore::Redis(_))),
        }
        assert_eq!(left(store, "first").await, Left::Never);
        store.unlink("first", soon()).await;
        match store.get_or_acquire("first", &lease, ttl, soon()).await.expect("an answer") {
            Some(found) => {
                assert_eq!(found, Found::Absent);
                let (found, left) = timed(store, "first").await;
                assert_eq!(found, Found::Bytes(lease.to_vec()));
                assert!(matches!(left, Left::Expires(left) if left <= ttl));
            }
            None => assert_eq!(bytes(store, "first").await, None),
        }
        store.unlink("first", soon()).await;
    }
}
