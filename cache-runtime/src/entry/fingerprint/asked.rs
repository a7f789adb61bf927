//! What a type asks a deserializer for.

/// What is asked for. Numbered by hand: the numbers are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Kind {
    Bool = 1,
    I8 = 2,
    I16 = 3,
    I32 = 4,
    I64 = 5,
    I128 = 6,
    U8 = 7,
    U16 = 8,
    U32 = 9,
    U64 = 10,
    U128 = 11,
    F32 = 12,
    F64 = 13,
    Char = 14,
    Str = 15,
    Bytes = 16,
    Unit = 17,
    /// A key or a tag that only its reader knows.
    Identifier = 18,
    Ignored = 19,
    UnitVariant = 20,
    /// The type asks the bytes what they are.
    Any = 21,
    // What may have parts.
    Option = 32,
    Seq = 33,
    Map = 34,
    Tuple = 35,
    TupleStruct = 36,
    Struct = 37,
    Newtype = 38,
    UnitStruct = 39,
    Enum = 40,
    NewtypeVariant = 41,
}

impl Kind {
    pub(super) fn is_compound(self) -> bool {
        self as u8 >= Kind::Option as u8
    }
}

/// What a type asked for at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// What serde calls it.
    pub(super) name: &'static str,
    /// Fields or variants, with their aliases.
    pub(super) names: &'static [&'static str],
    pub(super) len: usize,
    /// Rust's names: of who asked, of what it makes, and of what the place is to hold.
    pub(super) visitor: &'static str,
    pub(super) value: &'static str,
    pub(super) expected: &'static str,
}
