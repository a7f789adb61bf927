//! What stands in the parentheses: targets, flags and options.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{Expr, ExprCall, ExprForLoop, ExprLit, ExprMethodCall, Lit, Pat, Path, Stmt, Token};

use crate::parse::list::{self, ListReader};
use crate::parse::values::group::Group;
use crate::parse::values::tags::WrittenTag;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::{list as listed, nearest};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Invalidates,
    Updates,
}

#[derive(Default)]
pub(super) struct WriteOptions {
    pub(super) targets: Vec<WrittenTarget>,
    pub(super) before: Option<Ident>,
    pub(super) on_error: Option<Ident>,
    pub(super) strict: Option<Ident>,
    pub(super) value: Option<Expr>,
    pub(super) cache: Option<Expr>,
    pub(super) runtime: Option<Path>,
    /// Whether any target was written, read or not.
    any: bool,
}

/// A target as it was written.
pub(super) enum WrittenTarget {
    /// `get_user(id)`, `users::get_user(id)`
    Call(ExprCall),
    /// `self.get_user(id)`
    Method(ExprMethodCall),
    /// `entry(user_entry(id))`: an expression that is an `Entry` itself.
    Entry(Expr),
    /// `tag("org:<org>")`, `tag(City(city))`, `group("users")`
    Tag(WrittenTag),
    /// `for id in ids { get_user(id) }`: targets for each element of a collection.
    Each(Box<Each<WrittenTarget>>),
}

/// A loop over targets, written or planned.
pub(super) struct Each<T> {
    pub(super) pat: Pat,
    pub(super) collection: Expr,
    pub(super) targets: Vec<T>,
}

impl Kind {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Invalidates => &["before", "on_error", "strict"],
            Self::Updates => &["strict"],
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Invalidates => &["cache", "crate"],
            Self::Updates => &["value", "crate"],
        }
    }

    /// The same for a collection.
    fn example_of_each(self) -> &'static str {
        match self {
            Self::Invalidates => "for id in ids { get_user(id) }",
            Self::Updates => "for user in ret { get_user(user.id) }",
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

impl WrittenTarget {
    /// The target, or those in its loop.
    pub(super) fn leaves(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match self {
            Self::Each(each) => Box::new(each.targets.iter().flat_map(Self::leaves)),
            leaf => Box::new(std::iter::once(leaf)),
        }
    }

    /// The code of the user's in it.
    pub(super) fn code(&self) -> TokenStream {
        match self {
            Self::Call(call) => call.to_token_stream(),
            Self::Method(call) => call.to_token_stream(),
            Self::Entry(expr) | Self::Tag(WrittenTag::Typed(expr)) => expr.to_token_stream(),
            Self::Tag(WrittenTag::Template(_)) => TokenStream::new(),
            Self::Each(each) => {
                let (collection, targets) = (&each.collection, each.targets.iter().map(Self::code));
                quote!(#collection; #(#targets;)*)
            }
        }
    }
}

impl WriteOptions {
    pub(super) fn parse(kind: Kind, tokens: TokenStream, errors: &Diagnostics) -> Self {
        let mut reader = WriteOptionsReader { options: Self::default(), kind, errors };
        list::read(&mut reader, tokens, errors);
        let options = reader.options;
        if !options.any {
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
        options
    }
}

struct WriteOptionsReader<'a> {
    options: WriteOptions,
    kind: Kind,
    errors: &'a Diagnostics,
}

impl ListReader for WriteOptionsReader<'_> {
    fn element(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let ahead = input.fork();
        let name = ahead.call(Ident::parse_any).ok();
        if let Some(name) = name.filter(|_| ahead.peek(Token![=]) && !ahead.peek(Token![==])) {
            input.advance_to(&ahead);
            list::equals(input, &name)?;
            self.option(&name, input)?;
        } else {
            let expr = input.parse()?;
            self.target_or_flag(expr);
        }
        list::comma(input, "this")
    }

    fn recover(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        // It may have been a target, and "no target" would be a second error with the same cure.
        self.options.any = true;
        while !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
            input.parse::<TokenTree>()?;
        }
        Ok(())
    }
}

impl WriteOptionsReader<'_> {
    fn option(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let (kind, options) = (self.kind, &mut self.options);
        let plain = name.unraw().to_string();
        let again = match plain.as_str() {
            "crate" => options.runtime.replace(input.call(Path::parse_mod_style)?).is_some(),
            known if kind.options().contains(&known) => {
                let slot = if known == "value" { &mut options.value } else { &mut options.cache };
                slot.replace(input.parse()?).is_some()
            }
            unknown => {
                self.errors.at(name, kind.unknown(unknown, kind.options()));
                input.parse::<Expr>()?;
                false
            }
        };
        if again {
            list::report_repetition(name, self.errors);
        }
        Ok(())
    }

    fn target_or_flag(&mut self, expr: Expr) {
        if let Expr::Path(path) = &expr
            && let Some(name) = path.path.get_ident()
        {
            return self.flag(name);
        }
        self.options.any = true;
        self.options.targets.extend(self.errors.ok(target(expr, self.kind)));
    }

    fn flag(&mut self, name: &Ident) {
        let (kind, options) = (self.kind, &mut self.options);
        let slot = match name.unraw().to_string().as_str() {
            known if !kind.flags().contains(&known) => {
                options.any = true;
                return self.errors.at(name, kind.unknown(known, kind.flags()));
            }
            "before" => &mut options.before,
            "on_error" => &mut options.on_error,
            _ => &mut options.strict,
        };
        if slot.replace(name.clone()).is_some() {
            list::report_repetition(name, self.errors);
        }
    }
}

impl Kind {
    /// What to say of a name that is none of `names`, the flags or the options.
    fn unknown(self, name: &str, names: &[&str]) -> String {
        let all = || listed(self.flags().iter().chain(self.options()).copied());
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

fn target(expr: Expr, kind: Kind) -> syn::Result<WrittenTarget> {
    match expr {
        Expr::ForLoop(each) => self::each(each, kind),
        Expr::MethodCall(call) => Ok(WrittenTarget::Method(call)),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => match path.path.get_ident().map(ToString::to_string).as_deref() {
                Some(name @ ("tag" | "group")) if kind == Kind::Updates => Err(syn::Error::new_spanned(
                    &call,
                    format!(
                        "a {name} holds no value that could be updated: name it in `#[redis_invalidates(…)]` beside this attribute"
                    ),
                )),
                Some("tag") => tag(&call).map(WrittenTarget::Tag),
                Some("group") => group(&call).map(WrittenTarget::Tag),
                Some("entry") => match call.args.iter().collect::<Vec<_>>()[..] {
                    [entry] => Ok(WrittenTarget::Entry(entry.clone())),
                    _ => Err(syn::Error::new_spanned(
                        &call,
                        "`entry` takes one entry: write `entry(user_entry(id))`",
                    )),
                },
                _ => Ok(WrittenTarget::Call(call)),
            },
            _ => Err(no_target(&Expr::Call(call), kind)),
        },
        other => Err(no_target(&other, kind)),
    }
}

fn each(each: ExprForLoop, kind: Kind) -> syn::Result<WrittenTarget> {
    let ExprForLoop { pat, expr, body, .. } = each;
    if body.stmts.is_empty() {
        let message = format!(
            "no target for the elements: name one in the braces, such as `{}`",
            kind.example_of_each()
        );
        return Err(syn::Error::new(body.brace_token.span.join(), message));
    }
    let targets = body.stmts.into_iter().map(|stmt| match stmt {
        Stmt::Expr(expr, _) => target(expr, kind),
        other => Err(syn::Error::new_spanned(
            other,
            "the loop holds targets and nothing else: write the expression where the target needs it",
        )),
    });
    let targets = targets.collect::<syn::Result<_>>()?;
    Ok(WrittenTarget::Each(Box::new(Each { pat: *pat, collection: *expr, targets })))
}

fn no_target(expr: &Expr, kind: Kind) -> syn::Error {
    let (example, text) = (kind.example(), expr.to_token_stream());
    let message = format!(
        "`{text}` is no target: name a cached function with the arguments of its entry, such as `{example}`"
    );
    syn::Error::new_spanned(expr, message)
}

fn tag(call: &ExprCall) -> syn::Result<WrittenTag> {
    let example = "tag(\"org:<org>\")";
    match only_argument(call, "one tag", example)? {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().is_empty() => {
            Err(syn::Error::new_spanned(name, format!("the tag has no name: write one, such as `{example}`")))
        }
        tag => WrittenTag::read(tag, example),
    }
}

fn group(call: &ExprCall) -> syn::Result<WrittenTag> {
    let example = "group(\"users\")";
    let group = Group::of(only_argument(call, "one name", example)?, example)?;
    Ok(WrittenTag::Template(group.tag()))
}

fn only_argument<'a>(call: &'a ExprCall, what: &str, example: &str) -> syn::Result<&'a Expr> {
    let mut arguments = call.args.iter();
    match (arguments.next(), arguments.next()) {
        (Some(argument), None) => Ok(argument),
        _ => {
            let name = call.func.to_token_stream();
            Err(syn::Error::new_spanned(
                call,
                format!(
                    "`{name}` takes {what}: write `{example}`; for a cached function of that name write `self::{name}(…)`"
                ),
            ))
        }
    }
}
