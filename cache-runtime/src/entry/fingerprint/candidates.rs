//! Values that are offered to a type, in this order, until it takes one.
//!
//! The lists may grow: which candidate was taken is not part of a fingerprint, only that one was.

/// Most types take the first. The others are for numbers that must not be zero, lie in a range, or are years or
/// status codes.
pub(super) const INTEGERS: [i32; 8] = [0, 1, 2, 100, 200, 1000, 2000, 1_000_000_000];

pub(super) const FLOATS: [f32; 4] = [0.0, 1.0, 0.5, -1.0];

pub(super) const CHARS: [char; 4] = ['a', '0', 'A', ' '];

/// Zeros, of lengths that ids, addresses, hashes and keys have.
pub(super) const BYTE_LENGTHS: [usize; 11] = [0, 1, 4, 8, 12, 16, 20, 24, 32, 48, 64];
pub(super) const ZEROS: &[u8; 64] = &[0; 64];

/// How many elements a sequence is given when nothing new is to be learned from them. Beyond one: for collections that
/// refuse to be empty or have a fixed size that is not in their type's shape.
pub(super) const SEQUENCE_LENGTHS: [usize; 6] = [0, 1, 2, 4, 16, 32];
pub(super) const MAP_LENGTHS: [usize; 2] = [0, 1];

/// What is offered to a type that asks the bytes what they are, before texts. The map first: it makes types name their
/// fields.
pub(super) enum Any {
    Map,
    Unit,
    Integer,
    Text,
    /// A variant's name, if a text was refused and names were told.
    Name,
    Bool,
    Float,
    Seq,
    Bytes,
    Negative,
}

pub(super) const ANY: [Any; 10] = [
    Any::Map,
    Any::Unit,
    Any::Integer,
    Any::Text,
    Any::Name,
    Any::Bool,
    Any::Float,
    Any::Seq,
    Any::Bytes,
    Any::Negative,
];

/// What the common parsers of text take, each of the formats at least once.
pub(super) const STRINGS: &[&str] = &[
    "",
    "0",
    "a",
    "1",
    "true",
    // Dates and times, in the notations of RFC 3339, `chrono`, `time` and `jiff`.
    "2000-01-01T00:00:00Z",
    "2000-01-01T00:00:00",
    "2000-01-01",
    "00:00:00",
    "2000-01-01 00:00:00",
    "2000-01-01 00:00:00.0 +00:00:00",
    "2000-01-01 00:00:00.0",
    "00:00:00.0",
    "+00:00:00",
    "+00:00",
    "2000-01-01T00:00:00+00:00[UTC]",
    "Sat, 01 Jan 2000 00:00:00 +0000",
    "PT0S",
    "1s",
    "UTC",
    "Monday",
    "January",
    // Identifiers, hashes and keys.
    "00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000",
    "00",
    "0000000000000000",
    "00000000000000000000000000000000",
    "0000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0x0",
    "0x0000000000000000000000000000000000000000",
    "AAAA",
    // Addresses and locations.
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "127.0.0.0/8",
    "::/0",
    "00:00:00:00:00:00",
    "http://a/",
    "https://example.com/",
    "example.com",
    "a@example.com",
    "/",
    "/a",
    "a/b",
    "+12025550123",
    // Versions, languages, countries, currencies, colours and so on.
    "1.0.0",
    "1.0",
    "^1",
    "text/plain",
    "en",
    "en-US",
    "US",
    "USD",
    "GET",
    "A",
    "#000000",
    "0.0",
    "1/1",
    "0 0 * * * *",
    "{}",
    "[]",
];
