//! No `key`: the function's path and its arguments. Two functions never meet.

use std::collections::HashSet;
use std::marker::PhantomData;

use redis_cached::{BlockingEntry, Cache, redis_cached};

mod one {
    use super::redis_cached;

    #[redis_cached(ttl = 60)]
    pub(super) async fn load(id: u64, _name: &str) -> String {
        format!("one {id}")
    }
}

mod other {
    use super::redis_cached;

    #[redis_cached(ttl = 60)]
    pub(super) async fn load(id: u64, _name: &str) -> String {
        format!("other {id}")
    }
}

struct First;
struct Second;
struct Generic<T>(PhantomData<T>);

impl First {
    #[redis_cached(ttl = 60)]
    async fn load(id: u64, _name: &str) -> String {
        format!("First {id}")
    }
}

impl Second {
    #[redis_cached(ttl = 60)]
    async fn load(id: u64, _name: &str) -> String {
        format!("Second {id}")
    }

    #[redis_cached(ttl = 60, skip(self))]
    async fn method(&self, id: u64, _name: &str) -> String {
        format!("method {id}")
    }
}

impl<T> Generic<T> {
    #[redis_cached(ttl = 60)]
    async fn load(id: u64, _name: &str) -> String {
        format!("{} {id}", std::any::type_name::<T>())
    }
}

#[redis_cached(ttl = 60)]
async fn typed<T: Send>(id: u64) -> String {
    format!("typed {} {id}", std::any::type_name::<T>())
}

#[redis_cached(ttl = 60)]
async fn none() -> u8 {
    1
}

#[tokio::test]
async fn functions_of_one_name_never_meet() {
    let cache = Cache::memory();
    let values = cache
        .scope(async {
            let mut values = Vec::new();
            for _ in 0..2 {
                values.extend([
                    one::load(1, "a").await,
                    other::load(1, "a").await,
                    First::load(1, "a").await,
                    Second::load(1, "a").await,
                    Second.method(1, "a").await,
                    Generic::<u8>::load(1, "a").await,
                    Generic::<Vec<u8>>::load(1, "a").await,
                    typed::<u8>(1).await,
                    typed::<u16>(1).await,
                ]);
            }
            values
        })
        .await;
    let (first, second) = values.split_at(9);
    assert_eq!(first, second);
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 9, "{first:?}");
    let hits: u64 = cache.stats().functions.iter().map(|function| function.hits).sum();
    assert_eq!(hits, 9);
}

#[test]
fn the_key_is_readable_and_the_companions_own() {
    Cache::memory().sync_scope(|| {
        assert_eq!(one::load_entry(1, "a/b").key(), "suite::default_key::one::load(1,a%2Fb)");
        assert_eq!(First::load_entry(1, "").key(), "suite::default_key::First::load(1,)");
        assert_eq!(Second::method_entry(1, "x").key(), "suite::default_key::Second::method(1,x)");
        assert_eq!(Generic::<u8>::load_entry(1, "x").key(), "suite::default_key::Generic%3Cu8%3E::load(1,x)");
        assert_eq!(typed_entry::<u8>(1).key(), "suite::default_key::typed(u8,1)");
        assert_eq!(none_entry().key(), "suite::default_key::none()");
    });
}

#[tokio::test]
async fn the_companion_finds_what_the_function_stored() {
    Cache::memory()
        .scope(async {
            First::load(1, "a").await;
            Generic::<Vec<u8>>::load(2, "b").await;
            typed::<u16>(3).await;
            assert!(First::load_entry(1, "a").get().await.unwrap().is_some());
            assert!(Generic::<Vec<u8>>::load_entry(2, "b").get().await.unwrap().is_some());
            assert!(typed_entry::<u16>(3).get().await.unwrap().is_some());
        })
        .await;
}

/// A call's value, and its entry.
type Called = (String, BlockingEntry<String>);

trait Load {
    fn load(id: u64) -> Called;
}

/// Functions of one name wherever the compiler gives two of them one path.
fn in_blocks() -> Vec<Called> {
    let mut called = Vec::new();
    macro_rules! block {
        ($value:literal) => {{
            #[redis_cached(ttl = 60)]
            fn load(id: u64) -> String {
                format!("{} {id}", $value)
            }
            called.push((load(1), load_entry(1).blocking()));

            // A type of the block, its functions, and a trait's.
            struct Local;
            impl Local {
                #[redis_cached(ttl = 60)]
                fn load(id: u64) -> String {
                    format!("{}, associated {id}", $value)
                }
            }
            called.push((Local::load(1), Local::load_entry(1).blocking()));
            impl Load for Local {
                fn load(id: u64) -> Called {
                    #[redis_cached(ttl = 60)]
                    fn load(id: u64) -> String {
                        format!("{}, in a trait's method {id}", $value)
                    }
                    (load(id), load_entry(id).blocking())
                }
            }
            called.push(<Local as Load>::load(1));
            impl Generic<Local> {
                #[redis_cached(ttl = 60)]
                fn of_local(id: u64) -> String {
                    format!("{}, of the type {id}", $value)
                }
            }
            called.push((Generic::<Local>::of_local(1), Generic::<Local>::of_local_entry(1).blocking()));

            // A module of the block.
            mod inner {
                use redis_cached::redis_cached;

                #[redis_cached(ttl = 60)]
                pub(super) fn load(id: u64) -> String {
                    format!("{}, in a module {id}", $value)
                }
            }
            called.push((inner::load(1), inner::load_entry(1).blocking()));
            let in_closure = || {
                #[redis_cached(ttl = 60)]
                fn load(id: u64) -> String {
                    format!("{}, in a closure {id}", $value)
                }
                (load(1), load_entry(1).blocking())
            };
            called.push(in_closure());
        }};
    }
    block!("first");
    block!("second");
    called
}

#[test]
fn functions_of_one_name_in_two_blocks_never_meet() {
    Cache::memory().sync_scope(|| {
        let (first, second) = (in_blocks(), in_blocks());
        let keys: HashSet<_> = first.iter().map(|(_, entry)| entry.key().to_owned()).collect();
        let values: HashSet<_> = first.iter().map(|(value, _)| value.clone()).collect();
        assert_eq!((keys.len(), values.len()), (12, 12), "{keys:#?}");
        for ((value, entry), (again, same)) in first.iter().zip(&second) {
            assert_eq!((entry.key(), value), (same.key(), again));
            assert_eq!(entry.get().unwrap().as_ref(), Some(value), "{}", entry.key());
        }
    });
}
