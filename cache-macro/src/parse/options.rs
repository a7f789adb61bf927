//! The options of `#[redis_cached(...)]`: which there are, and how their list is read.
//!
//! An option is added in one place, the list below, with a type that knows how to read its value
//! ([`values`](super::values)). Each option is read on its own, so two bad ones give two errors; each keeps the tokens
//! it was written with, so each error points at the user's own words.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Expr, Path, Token};

use super::key_template::Template;
use super::list::{self, ListReader};
use super::raw_option::{OptionValue, RawOption};
use super::values::batch::BatchName;
use super::values::cache_if::CacheIf;
use super::values::codec::Codec;
use super::values::compress::Compression;
use super::values::conditional::StaleName;
use super::values::early_refresh::Beta;
use super::values::entry::EntryName;
use super::values::finish_in_background::FinishInBackground;
use super::values::group::Group;
use super::values::invalidated::Invalidated;
use super::values::jitter::Jitter;
use super::values::local::Local;
use super::values::max_age::MaxAge;
use super::values::max_size::MaxSize;
use super::values::max_wait::MaxWait;
use super::values::negative::Negative;
use super::values::negative_ttl::NegativeTtl;
use super::values::replica_reads::ReplicaReads;
use super::values::sealed::Sealed;
use super::values::shape::Shape;
use super::values::skip::Skip;
use super::values::sliding::Sliding;
use super::values::stale::Window;
use super::values::tags::TagsOption;
use super::values::timeout::Timeout;
use super::values::ttl::Ttl;
use super::values::verify::Verify;
use super::values::version::Version;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::{list as listed, nearest};

macro_rules! options {
    ($($field:ident = $name:literal: $value:ty,)*) => {
        #[derive(Default)]
        pub(crate) struct Options {
            $(pub(crate) $field: OptionSlot<$value>,)*
        }

        const NAMES: &[&str] = &[$($name),*];

        impl Options {
            /// Puts a written option where it belongs.
            fn take(&mut self, raw: RawOption, errors: &Diagnostics) {
                match raw.name.unraw().to_string().as_str() {
                    $($name => self.$field.fill(raw, errors),)*
                    unknown => errors.at(&raw.name, unknown_option(unknown)),
                }
            }

            /// Notes that an option was written, whatever its value was to be.
            fn note(&mut self, name: Ident) {
                match name.unraw().to_string().as_str() {
                    $($name => {
                        self.$field.name.get_or_insert(name);
                    })*
                    _ => {}
                }
            }
        }
    };
}

options! {
    key = "key": Template,
    ttl = "ttl": Ttl,
    sliding = "sliding": Sliding,
    max_age = "max_age": MaxAge,
    skip = "skip": Skip,
    cache = "cache": Expr,
    cache_if = "cache_if": CacheIf,
    negative = "negative": Negative,
    negative_ttl = "negative_ttl": NegativeTtl,
    jitter = "jitter": Jitter,
    stale_while_revalidate = "stale_while_revalidate": Window,
    stale_if_error = "stale_if_error": Window,
    early_refresh = "early_refresh": Beta,
    conditional = "conditional": StaleName,
    local = "local": Local,
    max_wait = "max_wait": MaxWait,
    max_size = "max_size": MaxSize,
    replica_reads = "replica_reads": ReplicaReads,
    sealed = "sealed": Sealed,
    timeout = "timeout": Timeout,
    finish_in_background = "finish_in_background": FinishInBackground,
    tags = "tags": TagsOption,
    group = "group": Group,
    verify = "verify": Verify,
    invalidated = "invalidated": Invalidated,
    batch = "batch": BatchName,
    shape = "shape": Shape,
    codec = "codec": Codec,
    compress = "compress": Compression,
    version = "version": Version,
    entry = "entry": EntryName,
    runtime = "crate": Path,
}

/// One option's place: empty, filled, or written with a value that was reported as wrong.
///
/// The last is not the first: `ttl = 0` is one error, and "no `ttl`" must not be a second.
pub(crate) struct OptionSlot<V> {
    name: Option<Ident>,
    value: Option<V>,
}

impl<V> OptionSlot<V> {
    /// The option's name as it was written, and its value.
    pub(crate) fn given(&self) -> Option<(&Ident, &V)> {
        self.name.as_ref().zip(self.value.as_ref())
    }

    pub(crate) fn value(&self) -> Option<&V> {
        self.value.as_ref()
    }

    /// The option's name as it was written, whatever its value was to be.
    pub(crate) fn name(&self) -> Option<&Ident> {
        self.name.as_ref()
    }

    pub(crate) fn is_written(&self) -> bool {
        self.name.is_some()
    }

    fn fill(&mut self, raw: RawOption, errors: &Diagnostics)
    where
        V: OptionValue,
    {
        if self.name.is_some() {
            return list::report_repetition(&raw.name, errors);
        }
        self.value = V::read(&raw, errors);
        self.name = Some(raw.name);
    }
}

impl<V> Default for OptionSlot<V> {
    fn default() -> Self {
        Self { name: None, value: None }
    }
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream, errors: &Diagnostics) -> Self {
        let mut reader = OptionsReader { options: Self::default(), errors };
        list::read(&mut reader, tokens, errors);
        reader.options
    }
}

struct OptionsReader<'a> {
    options: Options,
    errors: &'a Diagnostics,
}

impl ListReader for OptionsReader<'_> {
    fn element(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        self.options.take(RawOption::parse(input)?, self.errors);
        Ok(())
    }

    /// To the next comma that an option follows, so that a comma inside the broken value does not start a chain of errors
    /// about its remains.
    fn recover(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if let Ok(name) = input.fork().call(Ident::parse_any) {
            self.options.note(name);
        }
        while !input.is_empty() {
            if input.parse::<Option<Token![,]>>()?.is_none() {
                input.parse::<TokenTree>()?;
            } else if an_option_follows(input) {
                break;
            }
        }
        Ok(())
    }
}

fn an_option_follows(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok()
        && (ahead.peek(syn::token::Paren)
            || ahead.peek(Token![=]) && !ahead.peek(Token![=>]) && !ahead.peek(Token![==]))
}

fn unknown_option(name: &str) -> String {
    match nearest(name, NAMES.iter().copied()) {
        Some(nearest) => format!("there is no option `{name}`: did you mean `{nearest}`?"),
        None => format!("there is no option `{name}`: the options are {}", listed(NAMES.iter().copied())),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn read(tokens: TokenStream) -> (Options, Vec<String>) {
        let errors = Diagnostics::new();
        let options = Options::parse(tokens, &errors);
        let messages = errors.finish().into_iter().flatten().map(|error| error.to_string()).collect();
        (options, messages)
    }

    fn messages(tokens: TokenStream) -> Vec<String> {
        read(tokens).1
    }

    #[test]
    fn every_option_is_read() {
        let (options, messages) = read(quote! {
            key = "user:<id>", ttl = 3600, sliding, max_age = "1d", skip(db, T), cache = &self.cache, cache_if = |user: &User| user.active,
            negative = |error: &Error| error.is_final(), negative_ttl = "30s", jitter = 0.1, stale_while_revalidate = "30s", stale_if_error = 3600,
            early_refresh = 1.0, conditional = old, local = "30s", max_wait = 2, max_size = "1MiB", replica_reads = verified, sealed, timeout = "300ms", finish_in_background = true, tags = ["org:<org>"], group = "users", verify = 0.01, invalidated = true, batch = ids, shape = Hash, codec = Bincode, compress = Lz4, version = 2, entry = user_entry,
            crate = my::cache,
        });
        assert!(messages.iter().all(|message| message.contains("feature")), "{messages:?}");
        assert!(options.key.value().is_some());
        assert!(options.ttl.value().is_some());
        assert_eq!(options.skip.value().map(|skip| skip.names.len()), Some(2));
        assert!(options.cache.value().is_some());
        assert!(options.cache_if.value().is_some());
        assert!(options.negative.value().is_some() && options.negative_ttl.value().is_some());
        assert!(options.jitter.value().is_some());
        assert!(options.stale_while_revalidate.value().is_some() && options.stale_if_error.value().is_some());
        assert!(
            options.early_refresh.value().is_some()
                && options.conditional.value().is_some()
                && options.local.value().is_some()
        );
        assert!(options.max_wait.value().is_some() && options.finish_in_background.value().is_some());
        assert!(options.sliding.value().is_some() && options.max_age.value().is_some());
        assert!(options.timeout.value().is_some() && options.sealed.value().is_some());
        assert!(options.max_size.value().is_some() && options.replica_reads.value().is_some());
        assert!(options.tags.value().is_some() && options.group.value().is_some());
        assert!(options.verify.value().is_some() && options.invalidated.value().is_some());
        assert!(options.batch.value().is_some());
        assert!(options.shape.value().is_some());
        assert!(options.compress.value().is_some());
        assert!(options.version.value().is_some());
        assert!(options.entry.value().is_some());
        assert!(options.runtime.value().is_some());
    }

    #[test]
    fn a_comma_inside_a_value_does_not_end_it() {
        let (options, messages) =
            read(quote!(cache = map.get::<u8, u16>(a, b), ttl = |user: &User| f(user, 1), skip(a)));
        assert_eq!(messages, [""; 0]);
        assert!(options.ttl.value().is_some() && options.skip.value().is_some());
    }

    #[test]
    fn an_unknown_option_names_the_nearest() {
        assert_eq!(messages(quote!(tll = 1)), ["there is no option `tll`: did you mean `ttl`?"]);
        assert!(messages(quote!(frobnicate = 1))[0].contains("the options are `key`, `ttl`"));
    }

    #[test]
    fn a_doubled_option_is_reported_once_for_each_repetition() {
        assert_eq!(
            messages(quote!(ttl = 1, ttl = 2, skip(a), ttl = 3)),
            ["`ttl` is given twice: keep one of them"; 2]
        );
    }

    #[test]
    fn each_bad_option_has_its_error_and_the_good_ones_are_read() {
        let (options, messages) =
            read(quote!(ttl = 0, keey = "a", jitter = 2.0, version = , skip(a b), entry = x));
        assert_eq!(messages.len(), 5, "{messages:?}");
        assert!(options.entry.value().is_some());
        assert!(options.ttl.is_written() && options.ttl.value().is_none());
    }

    #[test]
    fn after_a_syntax_error_the_next_option_is_read() {
        for tokens in [
            quote!(ttl = 60 60, version = 2),
            quote!(ttl = f(, 1), version = 2),
            quote!(ttl: 60, version = 2),
            quote!("ttl", version = 2),
            quote!(ttl = |a, b, version = 2),
        ] {
            let text = tokens.to_string();
            let (options, messages) = read(tokens);
            assert_eq!(messages.len(), 1, "{text}: {messages:?}");
            assert!(options.version.value().is_some(), "{text}");
        }
    }

    #[test]
    fn no_options_are_no_syntax_error() {
        assert_eq!(messages(quote!()), [""; 0]);
    }
}
