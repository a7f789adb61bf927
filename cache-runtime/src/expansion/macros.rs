//! The lines of an expansion that no function can be, each behind a name.

/// Where an annotated function stands: its module, its name, and what surrounds it, which the name of a closure's type tells and nothing else
/// does.
#[doc(hidden)]
#[macro_export]
macro_rules! __callsite {
    ($name:literal $(, template = $template:literal)? $(, version = $version:literal)? $(, invalidated = $invalidated:literal)?) => {{
        static CALLSITE: $crate::expansion::Callsite =
            $crate::expansion::Callsite::new(::core::module_path!(), $name)
                $(.template($template))?
                $(.version($version))?
                $(.invalidated($invalidated))?;
        (&CALLSITE, || ())
    }};
}

/// What an `async` block results in: a `return` that is never reached. The block has no place for a type, and would infer it from what it
/// meets first.
#[doc(hidden)]
#[macro_export]
macro_rules! __returns {
    ($whole:ty) => {
        if let ::core::option::Option::Some(never) = ::core::option::Option::None::<$whole> {
            return never;
        }
    };
}

pub use {__callsite as callsite, __returns as returns};
