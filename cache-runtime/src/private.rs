//! All that expansions may name, beside `Cache`, `Entry`, `KeyPart`, `KeyWriter` and `codec`. No promise holds between versions, which is
//! why the macro crate is pinned to this one's version.

pub use crate::argument::{Argument, Kept, arg, kept, run};
pub use crate::batch::{Batch, BatchKey, Batched, ValueOf, cloned};
pub use crate::begun::{Answer, Begun, Detach, Sendable, TryAnswer, owned};
pub use crate::codec::compress::Compression;
pub use crate::entry_builder::{
    Elsewhere, EntryBuilder, ErrorOf, Fallible, Here, Keepable, KeyedEntry, LookedUp, Nullable, OkOf,
    TaggedEntry, entry,
};
pub use crate::invalidate::{Invalidates, invalidates};
pub use crate::key::{Arg, Each, End, KeyBuilder, Path, Pieces, Template, Text};
pub use crate::local::{Keep, Keeping, KeepingClones};
pub use crate::returned::{How, Is, NoResult, Parts, Plain, Returned, Stored, StoredWhole};
pub use crate::sharing::{Cloned, ClonedDebug, Errors, Shareable, Sharing, Unknown, Unshared, UnsharedDebug};
pub use crate::site::Site;
pub use crate::tags::{Named, TagName, Tagging, name_of as tag};
pub use crate::update::{Updates, Writes, updates};
