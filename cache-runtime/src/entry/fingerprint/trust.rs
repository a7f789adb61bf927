//! Whose code may be told something.
//!
//! A deserializer does not know the type that it is called by, but it knows the *name* of the type's visitor and of the
//! visitor's value. Both are never hashed. What a name cannot say for sure is answered with no.

use super::asked::{Asked, Kind};
use super::names::{crate_of, last, only_argument, split};

/// Crates whose collections are read with the elements' own `Deserialize`, as serde's are, and pass errors on. Their visitors
/// would be opaque otherwise, and with them whatever a user keeps in them.
const COLLECTIONS: [&str; 9] =
    ["indexmap", "hashbrown", "smallvec", "arrayvec", "tinyvec", "heapless", "im", "imbl", "serde_json"];

/// Texts for types that read themselves from one and often stand in front of something in a tuple. The crate that the visitor
/// and the type are from, the name of the visitor's value, a text.
const TEXTS: [(&str, &str, &str); 12] = [
    ("serde_core", "IpAddr", "127.0.0.1"),
    ("serde_core", "Ipv4Addr", "127.0.0.1"),
    ("serde_core", "Ipv6Addr", "::1"),
    ("serde_core", "SocketAddr", "127.0.0.1:80"),
    ("serde_core", "SocketAddrV4", "127.0.0.1:80"),
    ("serde_core", "SocketAddrV6", "[::1]:80"),
    ("uuid", "Uuid", "00000000-0000-0000-0000-000000000000"),
    ("chrono", "DateTime", "2000-01-01T00:00:00Z"),
    ("chrono", "NaiveDate", "2000-01-01"),
    ("chrono", "NaiveTime", "00:00:00"),
    ("chrono", "NaiveDateTime", "2000-01-01T00:00:00"),
    ("url", "Url", "http://a/"),
];

/// Types with the shape of what they hold: serde reads the inside and puts it in.
const WRAPPERS: [&str; 10] =
    ["Box", "Rc", "Arc", "Cow", "Cell", "RefCell", "Mutex", "RwLock", "Wrapping", "Reverse"];

/// Whether a visitor may be told that a compound begins: one of serde's, of its derive or of a collection. It is told no
/// value, only that it cannot have any.
pub(super) fn is_seen_through(asked: &Asked) -> bool {
    let author = author(asked.visitor);
    match asked.kind {
        kind if is_variant(kind) => true,
        Kind::Any | Kind::Identifier => false,
        _ if is_flattened(asked) => false,
        _ => is_serde(author) || COLLECTIONS.contains(&author) || derived(asked.visitor).is_some(),
    }
}

/// Asked for by a visitor that has been told that an enum begins.
fn is_variant(kind: Kind) -> bool {
    matches!(kind, Kind::UnitVariant | Kind::NewtypeVariant)
}

/// Whether the type can be read only from bytes that say what they hold.
pub(super) fn asks_the_bytes(asked: &Asked) -> bool {
    asked.kind == Kind::Any || is_flattened(asked)
}

/// Derived code asks for a map only where it collects what it does not know.
fn is_flattened(asked: &Asked) -> bool {
    asked.kind == Kind::Map && derived(asked.visitor).is_some()
}

/// Whether this is the tag of an enum that has it in a field of its own.
pub(super) fn is_tag(asked: &Asked) -> bool {
    let (path, _) = split(asked.visitor);
    is_serde(author(path)) && last(path) == "AdjacentlyTaggedEnumVariantVisitor"
}

/// Whether a value may be made of what was asked for: by a trusted visitor, and handed to a trusted place.
pub(super) fn may_be_made(asked: &Asked) -> bool {
    if is_variant(asked.kind) {
        return true;
    }
    let trusted = match author(asked.visitor) {
        author if is_serde(author) => true,
        author if COLLECTIONS.contains(&author) => matches!(asked.kind, Kind::Seq | Kind::Map),
        "uuid" if asked.kind == Kind::Bytes => true,
        _ if asked.kind == Kind::Str => text(asked).is_some(),
        _ => derived(asked.visitor) == Some(Derived::Whole),
    };
    trusted && !matches!(asked.kind, Kind::Any | Kind::Identifier) && comes_out_as_it_is(asked)
}

/// A text that the visitor takes.
pub(super) fn text(asked: &Asked) -> Option<&'static str> {
    let (author, value) = (author(asked.visitor), last(split(asked.value).0));
    let mut texts = TEXTS.iter().filter(|(of, name, _)| *of == author && *name == value);
    texts.next().map(|(_, _, text)| *text)
}

/// Bytes that the visitor takes.
pub(super) fn bytes(asked: &Asked) -> &'static [u8] {
    if author(asked.visitor) == "uuid" { &[0; 16] } else { &[] }
}

/// Whether nobody's code stands between the visitor and the place: a type that reads a `String` and makes something of
/// it (`try_from`, `deserialize_with`, by hand) is to have another value than its visitor's.
pub(super) fn comes_out_as_it_is(asked: &Asked) -> bool {
    let expected = unwrapped(asked.expected);
    if expected == asked.value || is_variant(asked.kind) {
        return true;
    }
    let (path, arguments) = split(expected);
    match crate_of(path) {
        // No code but serde's can read a type of the standard library; with type arguments it could be that of the arguments.
        "core" | "alloc" | "std" => {
            arguments.is_none()
                || path.starts_with("core::ops::range::")
                || path.starts_with("core::sync::atomic::")
        }
        "str" => asked.value == "alloc::string::String",
        "chrono" => {
            author(asked.visitor) == "chrono" && arguments.is_none_or(|zone| crate_of(zone) == "chrono")
        }
        _ => expected.strip_prefix('[').and_then(|slice| slice.strip_suffix(']')).is_some_and(|element| {
            let (path, arguments) = split(asked.value);
            path == "alloc::vec::Vec" && arguments == Some(element)
        }),
    }
}

/// The type that reads what was asked for, where that is not plain to see.
pub(super) fn read_as(asked: &Asked) -> &'static str {
    let expected = unwrapped(asked.expected);
    // For one field, a derive has a type of this name that calls the field's function.
    if last(split(expected).0) == "__DeserializeWith" { asked.value } else { expected }
}

/// The type inside boxes and the like.
fn unwrapped(mut name: &'static str) -> &'static str {
    loop {
        let (path, arguments) = split(name);
        match arguments {
            Some(inside) if is_standard(path) && WRAPPERS.contains(&last(path)) => {
                name = only_argument(inside);
            }
            _ => return name,
        }
    }
}

fn is_serde(author: &str) -> bool {
    matches!(author, "serde" | "serde_core")
}

/// Names of the standard library's types say in which of its crates they are.
fn is_standard(path: &str) -> bool {
    matches!(crate_of(path), "core" | "alloc" | "std")
}

/// The crate that has written a visitor. In the module of a type or of a trait, `<Type as Trait>::method` is the name
/// of an impl, and only one of `Deserialize` belongs to the crate of the type for sure.
fn author(visitor: &str) -> &str {
    let (path, _) = split(visitor);
    match path.strip_prefix('<') {
        Some(inner) if is_trait(as_trait(path), "Deserialize") => crate_of(inner),
        Some(_) => "",
        None => crate_of(path),
    }
}

/// What serde's derive has generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Derived {
    /// Of `Deserialize` itself: what its visitor makes is the type's value.
    Whole,
    /// Of a method of the same name, as `remote` makes it: somebody's code goes on with it.
    Part,
}

/// `crate::_::<impl serde::Deserialize for Type>::deserialize::__Visitor`, and what is nested in its methods. A derive stands in a
/// nameless constant; a visitor written by hand does not, and has another name.
fn derived(visitor: &str) -> Option<Derived> {
    let (path, _) = split(visitor);
    let owner = ["::__Visitor", "::__Seed"].iter().find_map(|own| path.strip_suffix(own))?;
    let (owner, _method) = owner.rsplit_once("::")?;
    if let Some(impl_of) = owner.strip_prefix('<') {
        let (inner, of) = impl_of.rsplit_once(" as ")?;
        return if is_trait(of, "") { derived(inner) } else { None };
    }
    let (module, header) = split(owner);
    let header = header.filter(|_| module.ends_with("::_::"))?.strip_prefix("impl ")?;
    Some(if is_trait(header, "Deserialize") { Derived::Whole } else { Derived::Part })
}

/// The trait in `<Type as Trait>::method`.
fn as_trait(path: &str) -> &str {
    path.rsplit_once(" as ").map_or("", |(_, of)| of)
}

fn is_trait(header: &str, name: &str) -> bool {
    let of = header.strip_prefix("serde_core::de::").or_else(|| header.strip_prefix("serde::de::"));
    of.is_some_and(|of| of.starts_with(name))
}
