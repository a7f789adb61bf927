//! What `shape` cannot be combined with.

use crate::parse::options::Options;
use crate::report::diagnostics::Diagnostics;

pub(super) fn check(options: &Options, errors: &Diagnostics) {
    let Some((_, shape)) = options.shape.given() else { return };
    let refused = [
        (
            options.local.name(),
            "`local` cannot be combined with `shape`: a value that is kept in the process has all its parts at hand there; leave one of \
             them out",
        ),
        (
            options.compress.name(),
            "`compress` cannot be combined with `shape`, whose parts are read one by one, each of them too short to compress well; leave \
             one of them out, or compress the bytes of a long field yourself",
        ),
        (
            options.batch.name(),
            "`batch` cannot be combined with `shape`: it reads many values in one request, and a shape is for reading a part of one; \
             leave one of them out",
        ),
        (
            options.replica_reads.name(),
            "`replica_reads` cannot be combined with `shape`: what a replica has is compared with the mark of a value in one string; \
             leave one of them out",
        ),
        (
            options.negative.name(),
            "`negative` cannot be combined with `shape`: an error has none of the parts that are asked for; leave one of them out",
        ),
    ];
    for (name, why) in refused {
        if let Some(name) = name {
            errors.at(name, why);
        }
    }
    if shape.is_set()
        && let Some(closure) = options.tags.value().and_then(|tags| tags.of_value.as_ref())
    {
        errors.at(
            closure,
            "tags that the value names cannot be combined with `shape = Set`: who asks for one member does not have the value that names \
             them; name them from the arguments",
        );
    }
}
