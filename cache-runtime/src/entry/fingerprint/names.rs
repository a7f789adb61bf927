//! Names of Rust types, as `std::any::type_name` gives them, taken apart.
//!
//! Compilers differ in them: some write lifetimes, some do not. So what is compared comes from one compilation, and what is
//! hashed is [`short`].

/// A name without its own generic arguments, and these, if it has any: `a::B` and `C, d::E` of `a::B<C, d::E>`.
pub(super) fn split(name: &str) -> (&str, Option<&str>) {
    match name.strip_suffix('>').and_then(|inner| Some((inner, opening(inner)?))) {
        Some((inner, at)) => (&inner[..at], Some(&inner[at + 1..])),
        None => (name, None),
    }
}

/// Where the bracket stands that a `>` behind this text would close.
fn opening(text: &str) -> Option<usize> {
    let mut open = 1;
    text.char_indices().rev().find_map(|(at, char)| {
        match char {
            '<' => open -= 1,
            '>' if !text[..at].ends_with('-') => open += 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })
}

/// The first of a list of generic arguments that is no lifetime, if it is the only one.
pub(super) fn only_argument(arguments: &str) -> &str {
    match arguments.split_once(", ") {
        Some((lifetime, rest)) if lifetime.starts_with('\'') => rest,
        _ => arguments,
    }
}

/// The crate that a path begins with.
pub(super) fn crate_of(path: &str) -> &str {
    path.split_once("::").map_or(path, |(first, _)| first)
}

/// The last segment of a path without generic arguments.
pub(super) fn last(path: &str) -> &str {
    path.rsplit_once("::").map_or(path, |(_, last)| last)
}

/// The name without paths and lifetimes: `HashMap<Key, Vec<Row>>`. Moving a type does not change it.
pub(super) fn short(name: &str) -> String {
    let mut out = String::new();
    // Where what is being written begins, for each bracket that is open.
    let mut begins = vec![0];
    let mut rest = name;
    while let Some(char) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("::") {
            out.truncate(begins.last().copied().unwrap_or(0));
            rest = behind;
            continue;
        }
        rest = &rest[char.len_utf8()..];
        match char {
            '\'' => {
                rest = rest.trim_start_matches(|char: char| char.is_alphanumeric() || char == '_');
                rest = rest.strip_prefix(", ").or_else(|| rest.strip_prefix(' ')).unwrap_or(rest);
                continue;
            }
            '>' if out.ends_with('<') => {
                out.pop();
                begins.pop();
                continue;
            }
            _ => out.push(char),
        }
        match char {
            '<' | '(' | '[' => begins.push(out.len()),
            '>' | ')' | ']' if begins.len() > 1 => drop(begins.pop()),
            ',' | ' ' | '&' | ';' | '*' => {
                if let Some(begin) = begins.last_mut() {
                    *begin = out.len();
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{only_argument, short, split};

    #[test]
    fn short_names_have_no_paths_and_no_lifetimes() {
        for (name, expected) in [
            ("u8", "u8"),
            ("a::b::C", "C"),
            ("(a::B, &str, [c::D; 4])", "(B, &str, [D; 4])"),
            ("std::collections::HashMap<a::K, alloc::vec::Vec<b::V>>", "HashMap<K, Vec<V>>"),
            ("a::Cow<'_, str>", "Cow<str>"),
            ("a::View<'_>", "View"),
            ("&'static a::B", "&B"),
            ("a::f::_::<impl b::C<'_> for d::E<_>>::g::Raw<x::Y>", "Raw<Y>"),
            ("<a::B<c::D> as e::F>::g::H", "H"),
            ("<a::B as c::D>::e::{{closure}}", "{{closure}}"),
            ("fn(a::B) -> c::D", "fn(B) -> D"),
        ] {
            assert_eq!(short(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_split_at_its_own_arguments() {
        assert_eq!(split("a::B<C<D>, E>"), ("a::B", Some("C<D>, E")));
        assert_eq!(split("a::<impl B<C> for D>::e::F"), ("a::<impl B<C> for D>::e::F", None));
        assert_eq!(split("a::<impl B for C>::e::F<'_>"), ("a::<impl B for C>::e::F", Some("'_")));
        assert_eq!(split("a::B<fn() -> C>"), ("a::B", Some("fn() -> C")));
        assert_eq!(only_argument("'_, str"), "str");
        assert_eq!(only_argument("(A, B)"), "(A, B)");
    }
}
