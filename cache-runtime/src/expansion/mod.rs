//! All that expansions may name, beside `Cache`, `Entry`, `KeyPart`, `KeyWriter` and `codec`. No promise holds between versions, which is
//! why the macro crate is pinned to this one's version.

mod batch;
pub(crate) mod bounds;
pub(crate) mod call;
mod invalidate;
mod macros;
mod negative;
#[cfg(feature = "testing")]
mod nothing_stale;
mod returned;
mod secret_tag;
mod target_args;
mod target_entry;
mod update;

pub use self::batch::{Batch, BatchKey, Batched, ValueOf, cloned};
pub use self::bounds::{ErrorOf, Fallible, Nullable, OkOf};
pub use self::call::{
    EntryBuilder, KeyedEntry, LookedUp, RemoteEntry, RemoteOnly, TaggedEntry, WithLocal, entry, shaped_entry,
};
pub use self::invalidate::{Invalidates, Strict, invalidates, strict};
pub use self::macros::{callsite, returns};
pub use self::negative::{Negative, Rememberable, Special, kind_of, negative};
#[cfg(feature = "testing")]
pub use self::nothing_stale::{cache_of, nothing_stale};
pub use self::returned::{How, Is, NoResult, Parts, Plain, Returned, Stored, StoredWhole};
pub use self::secret_tag::{SecretTag, SecretTagName, secret_tag, secret_tag_in};
pub use self::target_args::{Argument, CloneForLater, arg, kept, run};
pub use self::target_entry::TargetEntry;
pub use self::update::{Updates, Writes, updates};
pub use crate::api::after_lookup::{AfterLookup, Answer, Detach, Sendable, TryAnswer, owned};
pub use crate::api::comparison::{Comparing, ComparingBytes, Comparison};
pub use crate::api::shared_error::{
    Cloned, ClonedDebug, Errors, Shareable, Sharing, Unknown, Unshared, UnsharedDebug,
};
pub use crate::api::stale_value::stale_value;
pub use crate::codec::compress::Compression;
pub use crate::engine::callsite::Callsite;
pub use crate::key::{
    Arg, Each, EachSecret, End, IdentityWriter, KeyBuilder, Path, Pieces, Secret, Template, Text,
};
pub use crate::local::keep::Keepable;
pub use crate::local::{Keep, Keeping, KeepingClones};
pub use crate::tags::{Named, TagName, Tagging, name_of as tag};
