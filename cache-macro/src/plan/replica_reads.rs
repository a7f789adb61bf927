//! What `replica_reads` cannot be combined with.

use crate::parse::options::Options;
use crate::report::diagnostics::Diagnostics;

pub(super) fn check(options: &Options, errors: &Diagnostics) {
    if let Some((name, _)) = options.replica_reads.given()
        && options.local.is_written()
    {
        errors.at(
            name,
            "`replica_reads` cannot be combined with `local`: what is cached in the process is read from the primary, which tells \
             when it changes; leave one of them out",
        );
    }
}
