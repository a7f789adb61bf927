//! What the type name of a closure tells about the function that it is written in.
//!
//! It is the one place where the compiler tells a macro about the module, type, trait and `impl` around a function, and about what
//! their generic parameters stand for:
//!
//! | the function is in | the name of a closure in it |
//! | --- | --- |
//! | a module | `shop::users::get::{{closure}}` |
//! | an `impl` | `shop::Repo<u8>::get::{{closure}}` |
//! | an `impl` in another module than the type | `shop::users::<impl shop::Repo<u8>>::get::{{closure}}` |
//! | an `impl` of a trait, or the trait itself | `<shop::Repo<u8> as shop::Load>::get::{{closure}}` |
//! | a block of another function | `shop::users::outer::get::{{closure}}` |
//!
//! Lifetimes are left out, and so is what tells two blocks of one function apart.

/// The path around a function: `a::Repo<T>` of `a::Repo<T>::load<K>::{{closure}}`.
pub(crate) fn of(closure: &str) -> &str {
    let mut path = closure;
    // An async function's body is a closure itself, so there may be several.
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    path.get(..last_separator(path)).unwrap_or(path)
}

/// What the generic parameters around a function stand for, as the compiler writes it: `<u8>` of `a::Repo<u8>`. Empty where there
/// are none. For a trait's functions it is the type and the trait, since one body may serve many types.
pub(crate) fn instantiation(surroundings: &str) -> &str {
    let (Some(begin), Some(end)) = (surroundings.find('<'), surroundings.rfind('>')) else { return "" };
    let brackets = surroundings.get(begin..=end).unwrap_or_default();
    // In whichever module the `impl` stands.
    match brackets.strip_prefix("<impl ").and_then(|of_type| of_type.strip_suffix('>')) {
        Some(of_type) => of_type.find('<').and_then(|begin| of_type.get(begin..)).unwrap_or_default(),
        None => brackets,
    }
}

/// Whether no two functions of one name can have these surroundings, in `module`: it is the module itself, a type of the module, or an
/// `impl` whose types are none of a function's own. The compiler gives blocks no names, so two in different blocks of one
/// function have the same.
///
/// That a type is one and not a function is seen by its name, which has a capital and a small letter.
pub(crate) fn are_unique(surroundings: &str, module: &str) -> bool {
    if surroundings == module {
        return true;
    }
    let in_module = surroundings.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"));
    let is_path =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '#' | ':' | '{' | '}');
    let mut paths = surroundings.split(|character| !is_path(character));
    (in_module || surroundings.starts_with('<')) && paths.all(|path| is_of_no_function(path, module))
}

/// Whether an item with this path cannot be in a function of `module`.
fn is_of_no_function(path: &str, module: &str) -> bool {
    if path.starts_with("::") && path.len() > 2 {
        // What follows generic arguments: a function in a method.
        return false;
    }
    match path.strip_prefix(module).and_then(|rest| rest.strip_prefix("::")) {
        // `module::<impl …>`
        Some("") => true,
        Some(name) => is_type_name(name),
        // A module in a function: its own path leaves the function out, and that of its items does not.
        None => {
            let innermost = module.rsplit("::").next();
            path.split("::").skip(1).all(|segment| Some(segment) != innermost)
        }
    }
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase) && !name.contains(':')
}

/// Where the last `::` outside of brackets begins, or 0.
fn last_separator(path: &str) -> usize {
    let bytes = path.as_bytes();
    let (mut depth, mut last, mut at) = (0_usize, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'<' => depth += 1,
            // The `>` of `->` is no bracket.
            b'>' if !bytes[..at].ends_with(b"-") => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => (last, at) = (at, at + 1),
            b'\'' => at += after_character(&path[at..]),
            _ => {}
        }
        at += 1;
    }
    last
}

/// How long the rest of a character literal is that begins with this quote; 0 if it begins a lifetime.
fn after_character(quote: &str) -> usize {
    let mut characters = quote.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => quote.get(3..).and_then(|rest| rest.find('\'')).map_or(0, |end| end + 3),
        Some(_) => characters.next().filter(|(_, end)| *end == '\'').map_or(0, |(end, _)| end),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_of_every_kind_of_function() {
        for (closure, expected) in [
            ("shop::get::{{closure}}", "shop"),
            ("shop::get::{{closure}}::{{closure}}", "shop"),
            ("shop::outer::{{closure}}::get::{{closure}}", "shop::outer::{{closure}}"),
            ("shop::Repo<alloc::vec::Vec<u8>>::load<u8>::{{closure}}", "shop::Repo<alloc::vec::Vec<u8>>"),
            ("<shop::Q as shop::Tr>::load::{{closure}}", "<shop::Q as shop::Tr>"),
            ("shop::Repo<fn() -> u8>::load::{{closure}}", "shop::Repo<fn() -> u8>"),
            ("shop::Repo<fn(&'_ u8) -> u8>::load::{{closure}}", "shop::Repo<fn(&'_ u8) -> u8>"),
            ("shop::C<'<'>::load<'>'>::{{closure}}", "shop::C<'<'>"),
            (r"shop::C<'\''>::load<'\\'>::{{closure}}", r"shop::C<'\''>"),
            (r"shop::C<'\u{301}'>::load<'é'>::{{closure}}", r"shop::C<'\u{301}'>"),
            ("main", ""),
            (">", ""),
            ("'", ""),
            ("", ""),
        ] {
            assert_eq!(of(closure), expected, "{closure}");
        }
    }

    #[test]
    fn instantiations_are_what_generic_parameters_stand_for() {
        for (surroundings, expected) in [
            ("shop::users", ""),
            ("shop::Repo", ""),
            ("shop::Repo<u8>", "<u8>"),
            ("shop::Repo<alloc::vec::Vec<u8>, 3>", "<alloc::vec::Vec<u8>, 3>"),
            ("shop::users::<impl shop::Repo>", ""),
            ("shop::users::<impl shop::Repo<u8>>", "<u8>"),
            ("<shop::Repo<u8> as shop::Load<i8>>", "<shop::Repo<u8> as shop::Load<i8>>"),
            ("<shop::Repo as shop::Load>", "<shop::Repo as shop::Load>"),
            ("shop::Repo<_>::method", "<_>"),
        ] {
            assert_eq!(instantiation(surroundings), expected, "{surroundings}");
        }
    }

    #[test]
    fn only_what_no_function_can_contain_is_unique() {
        for (surroundings, module) in [
            ("shop", "shop"),
            ("shop::users", "shop::users"),
            ("shop::Repo", "shop"),
            ("shop::users::Repo<u8>", "shop::users"),
            ("shop::Repo<alloc::vec::Vec<shop::User>>", "shop"),
            ("shop::users::<impl shop::Repo<u8>>", "shop::users"),
            ("<shop::users::Repo as shop::Load>", "shop::users"),
            ("<&[u8] as shop::Load<fn(&'_ u8) -> u8>>", "shop::users"),
            ("<shop::models::User as shop::users::Load>", "shop::users"),
        ] {
            assert!(are_unique(surroundings, module), "{surroundings}");
        }
        for (surroundings, module) in [
            ("shop::outer", "shop"),
            ("shop::outer::{{closure}}", "shop"),
            ("shop::repo", "shop"),
            ("shop::TABLE", "shop"),
            ("shop::_", "shop"),
            ("shop::_::<impl shop::Repo>", "shop"),
            ("shop::outer::Repo", "shop"),
            ("shop::outer::Repo<u8>", "shop"),
            ("shop::outer::<impl shop::Repo>", "shop"),
            ("shop::Outer::Repo", "shop"),
            ("shop::Repo<_>::method", "shop"),
            ("shop::Repo<shop::outer::Local>", "shop"),
            ("<shop::outer::Local as shop::Load>", "shop"),
            ("<u8 as shop::outer::Load>", "shop"),
            // A module in a function is `shop::inner` to itself.
            ("shop::outer::inner", "shop::inner"),
            ("shop::outer::inner::Repo", "shop::inner"),
            ("<shop::outer::inner::Repo as shop::Load>", "shop::inner"),
            ("<u8 as shop::outer::inner::Load>", "shop::inner"),
        ] {
            assert!(!are_unique(surroundings, module), "{surroundings}");
        }
    }
}
