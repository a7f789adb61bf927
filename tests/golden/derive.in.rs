//! `#[derive(KeyPart)]`: only the implementation is shown.

#[derive(KeyPart)]
struct Unit;

#[derive(KeyPart)]
struct Newtype(u64);

#[derive(KeyPart)]
struct NewtypeOfFields {
    id: u64,
}

#[derive(KeyPart)]
struct Pair<T, const N: usize>(T, [u8; N])
where
    T: Clone;

#[derive(KeyPart)]
#[key_part(crate = crate::cache)]
struct Named<'a, T: ?Sized> {
    key: &'a str,
    r#type: Box<T>,
}

#[derive(KeyPart)]
enum Order {
    Name,
    r#Type,
    Newest(),
    Oldest {},
}

#[derive(KeyPart)]
enum Filter<T> {
    All,
    One(T),
    Range(u32, u32),
    Named { key: String, r#type: u8 },
}

#[derive(KeyPart)]
enum Nothing {}
