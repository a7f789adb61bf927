//! What `conditional` needs, and what it cannot be combined with.

use syn::ext::IdentExt as _;

use crate::parse::ident::same;
use crate::parse::options::Options;
use crate::parse::values::conditional::StaleName;
use crate::report::diagnostics::Diagnostics;
use crate::signature::parameters::Parameter;
use crate::signature::style::Style;

pub(super) fn check(options: &Options, parameters: &[Parameter], style: Style, errors: &Diagnostics) {
    let Some((option, StaleName(name))) = options.conditional.given() else { return };
    let keeps_older = options.stale_if_error.is_written()
        || options.stale_while_revalidate.is_written()
        || options.early_refresh.is_written();
    if !keeps_older && !options.batch.is_written() {
        errors.at(
            option,
            "`conditional` shows the body an older value, and none is kept past its TTL: add `stale_if_error = \"1d\"` or \
             `stale_while_revalidate = \"1h\"`, for as long as an older value is worth to be asked about",
        );
    }
    if options.batch.is_written() {
        errors.at(
            option,
            "`conditional` cannot be combined with `batch`: leave it out here; a function for one key can have it, and both share their entries",
        );
    }
    if options.negative.is_written() {
        errors.at(
            option,
            "`conditional` cannot be combined with `negative`: an error that is remembered has nothing to be asked about; leave one of them out",
        );
    }
    if options.tags.value().is_some_and(|tags| tags.of_value.is_some()) {
        errors.at(
            option,
            "`conditional` cannot be combined with tags that the value names: they have to live as long as the entry, which is renewed without \
             a look at it; name them from the arguments, or leave `conditional` out",
        );
    }
    if style == Style::BoxedFuture {
        errors.at(
            option,
            "`conditional` cannot show a body under `#[async_trait]` an older value: move the body to a function of its own, and put the \
             attribute there",
        );
    }
    if parameters.iter().any(|parameter| parameter.binding.names().any(|own| same(own, name))) {
        let plain = name.unraw();
        errors.at(name, format!("an argument is named `{plain}`, and the body could not see it: call the older value something else"));
    }
}
