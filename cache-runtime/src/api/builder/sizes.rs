//! The options that are numbers of bytes.

use super::{CacheBuilder, LARGEST};
use crate::api::byte_size::ByteSize;

#[allow(clippy::needless_pass_by_value, reason = "a number or a literal, which nobody writes with an `&`")]
impl CacheBuilder {
    /// The capacity of `memory://`, keys and bookkeeping included: a number of bytes, or text such as `"64MiB"`. Beyond it, entries that are used least are
    /// dropped. Default: 256 MiB. No effect with Redis, which has `maxmemory`. Text that is not a size is an error of [`connect`](Self::connect) and
    /// [`connect_lazy`](Self::connect_lazy), whatever the URL; its message names this option.
    ///
    /// ```
    /// # use redis_cached::{Cache, ErrorKind};
    /// Cache::builder().url("memory://").memory_capacity("16MiB").connect_lazy()?;
    /// let error = Cache::builder().memory_capacity("much").connect_lazy().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidOption);
    /// assert!(error.to_string().starts_with("memory_capacity: `much` is not a size"));
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn memory_capacity(mut self, bytes: impl ByteSize) -> Self {
        self.memory_capacity = bytes.bytes("memory_capacity");
        self
    }

    /// The capacity of the local tier, which caches the values of functions with the option `local` in this process: a number of bytes, or text such
    /// as `"64MiB"` or `"1GB"`. Default: 64 MiB for the whole cache. A value counts with the length of its encoding, its key and
    /// about two hundred bytes; entries that are used least are dropped first. Text that is not a size is an error of [`connect`](Self::connect) and
    /// [`connect_lazy`](Self::connect_lazy); its message names this option.
    ///
    /// With a capacity of at least 16 MiB, every value of up to 15 MiB can be cached locally. A larger one may not be: the capacity is divided into parts of
    /// equal size, a power of two of them, at most four for each core, and none under 16 MiB; one value takes at most 97 % of a part. A larger value is
    /// read from Redis at each hit, and counted in [`LocalStats::too_large`](crate::LocalStats); the first is logged.
    ///
    /// ```
    /// # use redis_cached::{Cache, ErrorKind};
    /// Cache::builder().local_capacity("256MiB").connect_lazy()?;
    /// let error = Cache::builder().local_capacity("much").connect_lazy().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidOption);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn local_capacity(mut self, bytes: impl ByteSize) -> Self {
        self.local_capacity = bytes.bytes("local_capacity");
        self
    }

    /// The most bytes that a value may take in the store, header included, after compression: a number, or text such as
    /// `"64MiB"`. Default: 64 MiB; at most 512 MiB, which is Redis's own limit. Text that is not a size is an error of [`connect`](Self::connect) and
    /// [`connect_lazy`](Self::connect_lazy); its message names this option.
    ///
    /// A call returns a larger value and does not store it; [`Stats`](crate::Stats) counts it as `too_large`.
    /// [`Entry::put`](crate::Entry::put) returns [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). All values of a process share a
    /// connection, and a transfer that takes longer than the [deadline](Self::deadline) times out: 64 MiB in
    /// 250 ms are 2 Gbit/s.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().max_value_size("1MiB").connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn max_value_size(mut self, bytes: impl ByteSize) -> Self {
        self.max_value_size = bytes.bytes("max_value_size").map(|bytes| bytes.min(LARGEST));
        self
    }
}
