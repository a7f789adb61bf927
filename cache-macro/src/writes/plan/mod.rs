//! Options × signature → [`WritePlan`].

mod target;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Expr, Pat, Type};

use super::parse::{Kind, WriteOptions, WrittenTarget};
use super::signature::{Outcome, OutcomeForm};
use crate::parse::ident::same;
use crate::parse::item::Item;
use crate::parse::values::runtime::runtime;
use crate::parse::values::tags::WrittenTag;
use crate::plan::key::Planner;
use crate::report::diagnostics::Diagnostics;
use crate::signature::mentions::Mentions;
use crate::signature::parameters::{Binding, Parameter, parameters, takes_self};

use self::target::mentions_ret;
pub(super) use self::target::{Target, TargetForm, When};

/// Everything that an expansion needs, checked.
pub(super) struct WritePlan {
    pub(super) kind: Kind,
    pub(super) item: Item,
    /// The function's, and `ret`.
    pub(super) parameters: Vec<Parameter>,
    pub(super) outcome: Outcome,
    pub(super) runtime: TokenStream,
    pub(super) before: bool,
    pub(super) on_error: bool,
    /// The flag by which the function fails if its invalidation failed.
    pub(super) strict: Option<Ident>,
    pub(super) targets: Vec<Target>,
    /// In which cache tags are invalidated.
    pub(super) cache: Option<Expr>,
    /// `redis_updates`: what the entries become.
    pub(super) value: Option<Expr>,
    /// The user's own `ret`, if it is mentioned.
    pub(super) ret: Option<Ident>,
    /// Whether something of the function's is looked at after the body, which then may not have it all.
    pub(super) borrows: bool,
}

impl WritePlan {
    /// Whether it is the name of something that is a reference itself.
    pub(super) fn is_reference(&self, expr: &Expr) -> bool {
        let Expr::Path(path) = expr else { return false };
        let Some(name) = path.path.get_ident() else { return false };
        let is_it = |parameter: &&Parameter| parameter.binding.names().any(|own| same(own, name));
        name == "ret" || self.parameters.iter().find(is_it).is_some_and(Parameter::is_reference)
    }
}

pub(super) fn plan(kind: Kind, options: WriteOptions, item: Item, errors: &Diagnostics) -> Option<WritePlan> {
    if let Some(constness) = &item.sig.constness {
        errors.at(constness, "a `const fn` cannot ask Redis: remove `const`");
    }
    let outcome = Outcome::of(&item.sig, errors);
    let mut parameters = parameters(&item.sig);
    let code = code(&options);
    check_ret(&parameters, &code, &options.targets, errors);
    parameters.push(ret_parameter(&outcome.value));
    let WriteOptions { targets, before, on_error, strict, value, cache, runtime: path, .. } = options;
    let planner = Planner { signature: &item.sig, parameters: &parameters, skip: &[], errors };
    let targets: Vec<Target> =
        targets.into_iter().map(|written| Target::plan(written, &planner, kind)).collect();
    check_flags(before.as_ref(), on_error.as_ref(), &targets, &outcome, errors);
    check_strict(strict.as_ref(), &outcome, errors);
    let after = targets.iter().map(|target| target.evaluated_after(cache.as_ref()));
    let borrows = borrows(&item, &parameters, &quote!(#(#after;)* #value));
    let in_a_tag = targets.iter().find_map(Target::ret_in_a_tag);
    check_value(kind, value.as_ref(), &targets, errors);
    Some(WritePlan {
        kind,
        before: before.is_some(),
        on_error: on_error.is_some(),
        strict,
        ret: users_ret(code).or(in_a_tag),
        runtime: runtime(path.as_ref()),
        borrows,
        targets,
        cache,
        value,
        parameters,
        outcome,
        item,
    })
}

/// All expressions of the attribute.
fn code(options: &WriteOptions) -> TokenStream {
    let targets = options.targets.iter().map(WrittenTarget::code);
    let value = &options.value;
    quote!(#(#targets;)* #value)
}

/// The user's own `ret`, which the closure's parameter has to be, or it would not be seen.
fn users_ret(code: TokenStream) -> Option<Ident> {
    code.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "ret" => Some(ident),
        TokenTree::Group(group) => users_ret(group.stream()),
        _ => None,
    })
}

/// What tags take `<ret.field>` from.
fn ret_parameter(value: &Type) -> Parameter {
    Parameter {
        attrs: Vec::new(),
        binding: Binding::Name(Ident::new("ret", Span::call_site())),
        pattern: None,
        ty: value.clone(),
    }
}

fn check_ret(parameters: &[Parameter], code: &TokenStream, targets: &[WrittenTarget], errors: &Diagnostics) {
    let in_tags =
        targets.iter().flat_map(WrittenTarget::leaves).any(|written| matches!(written, WrittenTarget::Tag(WrittenTag::Template(name)) if name.value().contains("<ret")));
    if !mentions_ret(code) && !in_tags {
        return;
    }
    for parameter in parameters {
        for name in parameter.binding.names().filter(|name| name.unraw() == "ret") {
            errors.at(
                name,
                "in the attribute `ret` is what the function returned: give this argument another name",
            );
        }
    }
}

fn check_flags(
    before: Option<&Ident>,
    on_error: Option<&Ident>,
    targets: &[Target],
    outcome: &Outcome,
    errors: &Diagnostics,
) {
    let all_after = !targets.is_empty() && targets.iter().all(|target| target.after);
    if let Some(before) = before.filter(|_| all_after) {
        errors.at(before, "every target mentions `ret`, which is not there before the function has returned: leave out `before`");
    }
    if let Some(on_error) = on_error {
        if outcome.form == OutcomeForm::Value {
            errors.at(on_error, "this function does not return a `Result`, so what it returns is never an error: leave out `on_error`");
        } else if all_after {
            errors.at(on_error, "every target mentions `ret`, which is not there when the function has failed: leave out `on_error`");
        }
    }
}

/// What is written to the entries of a loop's elements is each element, unless it is said.
fn check_value(kind: Kind, value: Option<&Expr>, targets: &[Target], errors: &Diagnostics) {
    if kind == Kind::Invalidates || value.is_some() {
        return;
    }
    for target in targets {
        if let TargetForm::Each(each) = &target.form {
            if !matches!(each.pat, Pat::Ident(_)) {
                let message = "the element has no name, so it cannot be what is written: give it one, or write `value = …`";
                errors.at(&each.pat, message);
            }
            check_value(kind, value, &each.targets, errors);
        }
    }
}

fn check_strict(strict: Option<&Ident>, outcome: &Outcome, errors: &Diagnostics) {
    if let Some(strict) = strict.filter(|_| outcome.form == OutcomeForm::Value) {
        errors.at(
            strict,
            "this function does not return a `Result`, so it cannot fail where its invalidation does: leave out `strict`",
        );
    }
}

fn borrows(item: &Item, parameters: &[Parameter], after: &TokenStream) -> bool {
    let mentions = Mentions::of(after);
    let mut names = parameters.iter().flat_map(|parameter| parameter.binding.names());
    takes_self(&item.sig) && mentions.text("self") || names.any(|name| name != "ret" && mentions.name(name))
}
