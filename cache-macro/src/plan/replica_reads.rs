//! What `replica_reads` cannot be combined with.

use crate::parse::options::Options;
use crate::parse::values::local::Local;
use crate::report::diagnostics::Diagnostics;

pub(super) fn check(options: &Options, errors: &Diagnostics) {
    let Some((name, _)) = options.replica_reads.given() else { return };
    match options.local.value() {
        Some(Local::Revalidate) => errors.at(
            name,
            "`replica_reads` cannot be combined with `local = revalidate`: the primary is asked for the mark of what this process \
             keeps, and for the value where it differs; leave one of them out",
        ),
        None if !options.local.is_written() => {}
        _ => errors.at(
            name,
            "`replica_reads` cannot be combined with `local`: what is cached in the process is read from the primary, which tells \
             when it changes; leave one of them out",
        ),
    }
}
