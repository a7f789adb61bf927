//! From a value to the bytes that are stored, or to why it is not.

use std::borrow::Cow;
use std::time::Duration;

use crate::api::entry::Entry;
use crate::codec::CodecError;
use crate::engine::{Call, Encoded, Question};
use crate::entry::header;
use crate::entry::header::Meta;
use crate::entry::special::Special;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::policy::{Admission, Facts, Lifetime, admit};
use crate::store::vocabulary::Nonce;
use crate::tags;
use crate::tags::Tags;
use crate::util::process::Generation;
use crate::util::{process, random};

impl<T> Entry<T> {
    /// The bytes for others who wait, of a value that is not to be stored.
    pub(crate) fn encode_unstored(&self, key: &str, value: &T) -> Option<Vec<u8>> {
        let unstored = Lifetime { fresh: None, stale: Duration::ZERO };
        self.encoded(process::known(), key, value, unstored, Duration::ZERO, &[]).ok()
    }

    /// The bytes to store at `key` and for how long, or `None` if the options keep this value from being stored. `process` is whose nonce
    /// they get: who has asked nothing of Redis yet has to ask which it is.
    pub(crate) fn encode(
        &self,
        process: Generation,
        Question { key, tags }: Question<'_>,
        value: &T,
        compute_time: Duration,
        nonces: &[Nonce],
    ) -> Result<Option<Encoded>, Error> {
        let special = (self.hooks.special)(value);
        if special == Some(Special::Err) {
            return Ok(None);
        }
        let facts = Facts {
            is_none: special == Some(Special::None),
            own_ttl: self.hooks.ttl_with.map(|ttl| ttl(value)),
            wanted: self.hooks.cache_if.is_none_or(|wanted| wanted(value)),
        };
        match self.call.admit(facts) {
            Admission::Skip => Ok(None),
            Admission::Store(lifetime) => {
                let (named, nonces) = match tags {
                    None => (Vec::new(), Cow::Borrowed(nonces)),
                    Some(tags) => {
                        self.call.tagged(tags, self.hooks.tags_of.map(|names| names(value)), nonces)?
                    }
                };
                let bytes = self.encoded(process, key, value, lifetime, compute_time, &nonces)?;
                self.call.may_store(bytes.len() as u64)?;
                Ok(Some(Encoded { bytes, lifetime, compute_time, named }))
            }
        }
    }

    /// The bytes to store in place of whatever is there. The nonces of the tags are read when they are stored.
    pub(crate) fn encode_to_put(&self, value: &T) -> Result<Option<Encoded>, Error> {
        let tags = self.call.tags.as_ref().map_or(0, |tags| tags.of_arguments().len());
        let nonces = vec![Nonce::default(); tags];
        self.encode(process::current(), self.call.question(), value, Duration::ZERO, &nonces)
    }

    fn encoded(
        &self,
        process: Generation,
        key: &str,
        value: &T,
        lifetime: Lifetime,
        compute_time: Duration,
        nonces: &[Nonce],
    ) -> Result<Vec<u8>, Error> {
        let meta = Meta {
            codec: self.hooks.codec,
            fingerprint: self.call.function.fingerprint,
            fresh_ttl: lifetime.fresh,
            stale_window: lifetime.stale,
            compute_time,
        };
        let function = &self.call.function;
        let payload = |out: &mut Vec<u8>| (self.hooks.encode)(value, out);
        let compression = self.hooks.compression.map(|compression| (compression, self.hooks.decompressed));
        let nonce = random::nonce_in(process);
        let bytes = header::encode(key, &nonce, &meta, nonces, &function.room, compression, payload)
            .map_err(|source| self.call.unstorable("cannot be encoded", "", source))?;
        if function.is_to_be_read_back() {
            self.check_reading_back(key, &bytes)?;
        }
        Ok(bytes)
    }

    /// What is not read back now will not be when it is asked for: stored, it would be a miss, each time.
    fn check_reading_back(&self, key: &str, bytes: &[u8]) -> Result<(), Error> {
        let function = &self.call.function;
        let Some(payload) = self.reader().payload(key, bytes) else { return Ok(()) };
        let Err(source) = payload.decode(self.hooks.decompressed, self.hooks.decode) else {
            function.was_read_back();
            return Ok(());
        };
        Err(self.call.unreadable(source))
    }
}

/// What is the same for all types.
impl Call {
    /// Decides about a value, or about there being none.
    pub(crate) fn admit(&self, facts: Facts) -> Admission {
        // A number is not free, and one option alone asks for it.
        let random = if self.policy.jitter > 0.0 { random::unit() } else { 0.0 };
        admit(&self.policy, facts, random)
    }

    /// Whether an entry of so many bytes may be stored.
    fn may_store(&self, bytes: u64) -> Result<(), Error> {
        if self.is_kept_out() {
            return Err(self.kept_out());
        }
        let most = self.policy.max_size.min(self.cache().max_value_size);
        if bytes <= most {
            return Ok(());
        }
        let name = self.function.site.name;
        let message =
            format!("a value of `{name}` takes {bytes} bytes, and the most that is stored are {most}");
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    /// The keys of the tags that a value names, if it does, and the nonces of all its tags, those still to be read as zeros.
    fn tagged<'n>(
        &self,
        tags: &Tags,
        names: Option<Vec<String>>,
        nonces: &'n [Nonce],
    ) -> Result<(Vec<KeyBuf>, Cow<'n, [Nonce]>), Error> {
        let Some(names) = names else { return Ok((Vec::new(), Cow::Borrowed(nonces))) };
        let known = tags.of_arguments().len();
        let named = tags::of_value(&self.cache().prefix, &names, known).ok_or_else(|| {
            let name = self.function.site.name;
            Error::new(ErrorKind::Encode, format!("a value of `{name}` has more tags than an entry can have"))
        })?;
        let mut nonces = nonces.to_vec();
        nonces.resize(known, Nonce::default());
        nonces.resize(known + named.len(), Nonce::default());
        Ok((named, Cow::Owned(nonces)))
    }

    #[cold]
    fn unreadable(&self, source: CodecError) -> Error {
        let remedy = match self.function.unanswered_by {
            Some(codec) => format!(
                "; its type asks its bytes what they hold, as `untagged`, `flatten` and `serde_json::Value` do, and {codec} cannot \
                 tell: use `codec = Json` or `codec = MessagePack`"
            ),
            None => String::new(),
        };
        self.unstorable("cannot be read back from its bytes", &remedy, source)
    }

    #[cold]
    fn unstorable(&self, what: &str, remedy: &str, source: CodecError) -> Error {
        let name = self.function.site.name;
        let message = format!("the value of `{name}` {what}: {source}{remedy}");
        Error::with_source(ErrorKind::Encode, message, source)
    }
}
