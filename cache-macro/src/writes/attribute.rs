//! What stands in the parentheses: targets, flags and options, each read on its own, so that two bad ones give two errors.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, Path, Token};

use super::Kind;
use crate::diagnostics::Diagnostics;
use crate::nearest::{list, nearest};
use crate::tags::{self, Group};

#[derive(Default)]
pub(super) struct Attribute {
    pub(super) targets: Vec<Written>,
    pub(super) before: Option<Ident>,
    pub(super) on_error: Option<Ident>,
    pub(super) value: Option<Expr>,
    pub(super) cache: Option<Expr>,
    pub(super) runtime: Option<Path>,
    /// Whether any target was written, read or not.
    any: bool,
}

/// A target as it was written.
pub(super) enum Written {
    /// `get_user(id)`, `users::get_user(id)`, `self.get_user(id)`
    Call(Expr),
    /// `entry(user_entry(id))`: an expression that is an `Entry` itself.
    Entry(Expr),
    /// `tag("org:<org>")`, `tag(City(city))`, `group("users")`
    Tag(tags::Written),
}

impl Kind {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Invalidates => &["before", "on_error"],
            Self::Updates => &[],
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Invalidates => &["cache", "crate"],
            Self::Updates => &["value", "crate"],
        }
    }

    /// What a user is shown as right.
    fn example(self) -> &'static str {
        match self {
            Self::Invalidates => "get_user(id)",
            Self::Updates => "get_user(ret.id)",
        }
    }
}

impl Attribute {
    pub(super) fn parse(kind: Kind, tokens: TokenStream, errors: &Diagnostics) -> Self {
        let mut attribute = Self::default();
        let every = |input: ParseStream<'_>| {
            while !input.is_empty() {
                // On a fork: what a failed parser leaves unread in a bracket would be an error of its own.
                let ahead = input.fork();
                match attribute.item(kind, &ahead, errors) {
                    Ok(()) => input.advance_to(&ahead),
                    Err(error) => {
                        errors.add(error);
                        // It may have been a target, and "no target" would be a second error with the same cure.
                        attribute.any = true;
                        skip_to_comma(input)?;
                    }
                }
            }
            Ok(())
        };
        errors.ok(every.parse2(tokens));
        if !attribute.any {
            let message = match kind {
                Kind::Invalidates => {
                    "nothing to invalidate: name cached functions and the arguments of their entries, as in `#[redis_invalidates(get_user(id))]`"
                }
                Kind::Updates => {
                    "nothing to update: name a cached function and the arguments of its entry, as in `#[redis_updates(get_user(ret.id))]`"
                }
            };
            errors.add(syn::Error::new(proc_macro2::Span::call_site(), message));
        }
        attribute
    }

    /// One item and the comma after it.
    fn item(&mut self, kind: Kind, input: ParseStream<'_>, errors: &Diagnostics) -> syn::Result<()> {
        let ahead = input.fork();
        let name = ahead.call(Ident::parse_any).ok();
        if let Some(name) = name.filter(|_| ahead.peek(Token![=]) && !ahead.peek(Token![==])) {
            input.advance_to(&ahead);
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(syn::Error::new_spanned(&name, format!("`{name} =` is followed by no value")));
            }
            return self.option(kind, &name, input, errors);
        }
        let expr: Expr = input.parse()?;
        comma(input)?;
        self.target_or_flag(kind, expr, errors);
        Ok(())
    }

    fn option(
        &mut self,
        kind: Kind,
        name: &Ident,
        input: ParseStream<'_>,
        errors: &Diagnostics,
    ) -> syn::Result<()> {
        let plain = name.unraw().to_string();
        let twice = |again: bool| {
            if again {
                errors.at(name, format!("`{plain}` is given twice: keep one of them"));
            }
        };
        match plain.as_str() {
            "crate" => twice(self.runtime.replace(input.call(Path::parse_mod_style)?).is_some()),
            known if kind.options().contains(&known) => {
                let slot = if known == "value" { &mut self.value } else { &mut self.cache };
                twice(slot.replace(input.parse()?).is_some());
            }
            unknown => {
                errors.at(name, kind.unknown(unknown, kind.options()));
                input.parse::<Expr>()?;
            }
        }
        comma(input)
    }

    fn target_or_flag(&mut self, kind: Kind, expr: Expr, errors: &Diagnostics) {
        if let Expr::Path(path) = &expr
            && let Some(name) = path.path.get_ident()
        {
            return self.flag(kind, name, errors);
        }
        self.any = true;
        match written(expr, kind) {
            Ok(target) => self.targets.push(target),
            Err(error) => errors.add(error),
        }
    }

    fn flag(&mut self, kind: Kind, name: &Ident, errors: &Diagnostics) {
        let plain = name.unraw().to_string();
        let slot = match plain.as_str() {
            known if !kind.flags().contains(&known) => {
                self.any = true;
                return errors.at(name, kind.unknown(known, kind.flags()));
            }
            "before" => &mut self.before,
            _ => &mut self.on_error,
        };
        if slot.replace(name.clone()).is_some() {
            errors.at(name, format!("`{plain}` is given twice: keep one of them"));
        }
    }
}

impl Kind {
    /// What to say of a name that is none of `names`, the flags or the options.
    fn unknown(self, name: &str, names: &[&str]) -> String {
        let all = || list(self.flags().iter().chain(self.options()).copied());
        match nearest(name, names.iter().copied()) {
            Some(nearest) => format!("there is no option `{name}`: did you mean `{nearest}`?"),
            None if names == self.flags() => {
                format!(
                    "`{name}` is no option, and as a target it lacks its arguments: write `{name}(…)`, as in `{}`",
                    self.example()
                )
            }
            None => format!("there is no option `{name}`: the options are {}", all()),
        }
    }
}

fn written(expr: Expr, kind: Kind) -> syn::Result<Written> {
    match &expr {
        Expr::MethodCall(_) => Ok(Written::Call(expr)),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if kind == Kind::Updates && (name == "tag" || name == "group") => {
                    Err(syn::Error::new_spanned(
                        &expr,
                        format!(
                            "a {name} holds no value that could be updated: name it in `#[redis_invalidates(…)]` beside this attribute"
                        ),
                    ))
                }
                Some(name) if name == "tag" => tag(&call.args, &expr).map(Written::Tag),
                Some(name) if name == "group" => group(&call.args, &expr).map(Written::Tag),
                Some(name) if name == "entry" => match call.args.iter().collect::<Vec<_>>()[..] {
                    [entry] => Ok(Written::Entry(entry.clone())),
                    _ => Err(syn::Error::new_spanned(
                        &expr,
                        "`entry` takes one entry: write `entry(user_entry(id))`",
                    )),
                },
                _ => Ok(Written::Call(expr)),
            },
            _ => Err(no_target(&expr, kind)),
        },
        _ => Err(no_target(&expr, kind)),
    }
}

fn no_target(expr: &Expr, kind: Kind) -> syn::Error {
    let example = kind.example();
    let text = expr.to_token_stream();
    syn::Error::new_spanned(
        expr,
        format!(
            "`{text}` is no target: name a cached function with the arguments of its entry, such as `{example}`"
        ),
    )
}

fn tag(args: &Punctuated<Expr, Token![,]>, whole: &Expr) -> syn::Result<tags::Written> {
    let example = "tag(\"org:<org>\")";
    match args.iter().collect::<Vec<_>>()[..] {
        [Expr::Lit(ExprLit { lit: Lit::Str(name), .. })] if name.value().is_empty() => {
            Err(syn::Error::new_spanned(name, format!("the tag has no name: write one, such as `{example}`")))
        }
        [tag] => tags::Written::read(tag, example),
        _ => Err(syn::Error::new_spanned(
            whole,
            format!(
                "`tag` takes one tag: write `{example}`; for a cached function of that name write `self::tag(…)`"
            ),
        )),
    }
}

fn group(args: &Punctuated<Expr, Token![,]>, whole: &Expr) -> syn::Result<tags::Written> {
    let example = "group(\"users\")";
    match args.iter().collect::<Vec<_>>()[..] {
        [name] => Group::of(name, example).map(|group| tags::Written::Template(group.tag())),
        _ => Err(syn::Error::new_spanned(
            whole,
            format!(
                "`group` takes one name: write `{example}`; for a cached function of that name write `self::group(…)`"
            ),
        )),
    }
}

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error("expected `,` here"));
    }
    input.parse::<Option<Token![,]>>().map(drop)
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
