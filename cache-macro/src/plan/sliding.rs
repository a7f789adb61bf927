//! What `sliding` and `max_age` cannot be combined with.

use crate::parse::options::Options;
use crate::parse::values::length::Length;
use crate::parse::values::max_age::MaxAge;
use crate::parse::values::ttl::Ttl;
use crate::report::diagnostics::Diagnostics;

pub(super) fn check(options: &Options, errors: &Diagnostics) {
    check_max_age(options, errors);
    let Some((name, _)) = options.sliding.given() else { return };
    match options.ttl.value() {
        Some(Ttl::Fixed(Length::Never)) => errors.at(
            name,
            "an entry with `ttl = \"never\"` does not end, so there is nothing to prolong: leave `sliding` out, or give a length of time",
        ),
        Some(Ttl::OfValue(_)) if options.local.is_written() => errors.at(
            name,
            "`sliding` with `local` needs a TTL that is known before there is a value, since this process asks Redis at each tenth of \
             it: write a length of time as `ttl`, or leave `local` out",
        ),
        _ => {}
    }
    if options.early_refresh.is_written() {
        errors.at(
            name,
            "`early_refresh` computes anew what is about to end, and with `sliding` what is read does not end: leave one of them out",
        );
    }
    if options.replica_reads.is_written() {
        errors.at(
            name,
            "`sliding` cannot be combined with `replica_reads`: only the primary can prolong an entry, and it does not hear of hits at \
             replicas; leave one of them out",
        );
    }
    if options.tags.value().is_some_and(|tags| tags.of_value.is_some()) {
        errors.at(
            name,
            "`sliding` cannot be combined with tags that the value names: they have to live as long as the entry, and which they are is \
             not known when it is prolonged; name them from the arguments, or leave `sliding` out",
        );
    }
}

/// Reports a `max_age` that would end nothing.
fn check_max_age(options: &Options, errors: &Diagnostics) {
    let Some((name, MaxAge(age))) = options.max_age.given() else { return };
    if !options.sliding.is_written() {
        return errors.at(
            name,
            "`max_age` bounds how old a value becomes that hits prolong, and without `sliding` none is prolonged: its age is bounded by \
             the `ttl`; leave `max_age` out, or add `sliding`",
        );
    }
    if let (Length::Known(age), Some(Ttl::Fixed(Length::Known(ttl)))) = (age, options.ttl.value())
        && age <= ttl
    {
        errors.at(
            name,
            "`max_age` is no longer than the `ttl`, so that no hit could prolong anything: write a longer one, or leave `sliding` out",
        );
    }
}
