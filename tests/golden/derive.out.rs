//! `#[derive(KeyPart)]`: only the implementation is shown.
#[automatically_derived]
impl ::redis_cached::KeyPart for Unit {
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {}
}
#[automatically_derived]
impl ::redis_cached::KeyPart for Newtype {
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {
        ::redis_cached::KeyPart::write(&self.0, key);
    }
}
#[automatically_derived]
impl ::redis_cached::Scalar for Newtype
where
    for<'scalar> u64: ::redis_cached::Scalar,
{}
#[automatically_derived]
impl ::redis_cached::KeyPart for NewtypeOfFields {
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {
        key.item(&self.id);
    }
}
#[automatically_derived]
impl<T: ::redis_cached::KeyPart, const N: usize> ::redis_cached::KeyPart for Pair<T, N>
where
    T: Clone,
{
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {
        key.item(&self.0);
        key.item(&self.1);
    }
}
#[automatically_derived]
impl<'a, T: ?Sized + crate::cache::KeyPart> crate::cache::KeyPart for Named<'a, T> {
    fn write(&self, key: &mut crate::cache::KeyWriter<'_>) {
        key.item(&self.key);
        key.item(&self.r#type);
    }
}
#[automatically_derived]
impl ::redis_cached::KeyPart for Order {
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {
        match self {
            Self::Name => key.text("Name"),
            Self::r#Type => key.text("Type"),
            Self::Newest() => key.text("Newest"),
            Self::Oldest {} => key.text("Oldest"),
        }
    }
}
#[automatically_derived]
impl ::redis_cached::Scalar for Order {}
#[automatically_derived]
impl<T: ::redis_cached::KeyPart> ::redis_cached::KeyPart for Filter<T> {
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {
        match self {
            Self::All => {
                key.item("All");
            }
            Self::One(field_0) => {
                key.item("One");
                key.item(field_0);
            }
            Self::Range(field_0, field_1) => {
                key.item("Range");
                key.item(field_0);
                key.item(field_1);
            }
            Self::Named { key: field_0, r#type: field_1 } => {
                key.item("Named");
                key.item(field_0);
                key.item(field_1);
            }
        }
    }
}
#[automatically_derived]
impl ::redis_cached::KeyPart for Nothing {
    fn write(&self, key: &mut ::redis_cached::KeyWriter<'_>) {
        match *self {}
    }
}
#[automatically_derived]
impl ::redis_cached::Scalar for Nothing {}
