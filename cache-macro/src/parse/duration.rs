//! Lengths of time as people write them, `"1h30m"`, and as an expansion spells them.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

/// Reads `"1h30m"`, `"500ms"`, `"2 days"`: the grammar of the `humantime` crate.
pub(crate) fn parse(literal: &LitStr) -> syn::Result<Duration> {
    humantime::parse_duration(&literal.value()).map_err(|error| {
        syn::Error::new_spanned(
            literal,
            format!("not a length of time: {error}; write it as \"90s\", \"1h30m\", \"500ms\" or \"2 days\""),
        )
    })
}

/// The shortest constructor that is exact, since a reader of the expansion should see `from_secs(3600)`.
pub(crate) fn tokens(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if nanos == 0 {
        let seconds = proc_macro2::Literal::u64_unsuffixed(seconds);
        return quote!(::core::time::Duration::from_secs(#seconds));
    }
    let millis = u64::try_from(duration.as_millis()).ok().filter(|_| nanos % 1_000_000 == 0);
    if let Some(millis) = millis {
        let millis = proc_macro2::Literal::u64_unsuffixed(millis);
        return quote!(::core::time::Duration::from_millis(#millis));
    }
    match u64::try_from(duration.as_nanos()) {
        Ok(nanos) => {
            let nanos = proc_macro2::Literal::u64_unsuffixed(nanos);
            quote!(::core::time::Duration::from_nanos(#nanos))
        }
        // More nanoseconds than fit in 64 bits: some 584 years and a fraction of a millisecond.
        Err(_) => {
            let seconds = proc_macro2::Literal::u64_unsuffixed(seconds);
            let nanos = proc_macro2::Literal::u32_unsuffixed(nanos);
            quote!(::core::time::Duration::new(#seconds, #nanos))
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn read(text: &str) -> syn::Result<Duration> {
        parse(&LitStr::new(text, Span::call_site()))
    }

    #[test]
    fn the_forms_of_the_documentation() {
        for (text, seconds, nanos) in [
            ("1h30m", 5400, 0),
            ("1h 30m", 5400, 0),
            ("500ms", 0, 500_000_000),
            ("2 days", 172_800, 0),
            ("90s", 90, 0),
            ("1.5s", 1, 500_000_000),
            ("250us", 0, 250_000),
            ("1week 2min", 604_920, 0),
            ("0s", 0, 0),
        ] {
            assert_eq!(read(text).expect(text), Duration::new(seconds, nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_how_to_write_one() {
        for text in ["", " ", "3600", "1 fortnight", "-5s", "soon", "5 s 3"] {
            let message = read(text).expect_err(text).to_string();
            assert!(message.contains("1h30m"), "{message}");
        }
    }

    #[test]
    fn the_exact_constructor_is_chosen() {
        for (duration, expected) in [
            (Duration::from_secs(3600), "from_secs (3600)"),
            (Duration::from_millis(1500), "from_millis (1500)"),
            (Duration::from_nanos(250_000), "from_nanos (250000)"),
            (Duration::new(u64::MAX, 1), "new (18446744073709551615 , 1)"),
        ] {
            let tokens = tokens(duration).to_string();
            assert!(tokens.ends_with(expected), "{tokens}");
        }
    }
}
