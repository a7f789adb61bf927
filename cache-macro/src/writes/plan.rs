//! Attribute × signature → [`Plan`], as `validate` does for `redis_cached`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{FnArg, Type};

use super::Kind;
use super::attribute::{Attribute, Written};
use super::outcome::{Form, Outcome};
use super::target::{Printer, Target, mentions_ret, users_ret};
use crate::diagnostics::Diagnostics;
use crate::item::Item;
use crate::key::Planner;
use crate::mentions::Mentions;
use crate::signature::{Binding, Parameter, parameters, same};
use crate::tags;

/// Everything that an expansion needs, checked.
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) item: Item,
    pub(super) outcome: Outcome,
    pub(super) runtime: TokenStream,
    pub(super) before: bool,
    pub(super) on_error: bool,
    pub(super) targets: Vec<Target>,
    /// `redis_updates`: what the entries become, and where errors about it are shown.
    pub(super) value: Option<syn::Expr>,
    /// The user's own `ret`, if it is mentioned.
    pub(super) ret: Option<Ident>,
    /// Whether something of the function's is looked at after the body, which then may not have it all.
    pub(super) borrows: bool,
}

pub(super) fn plan(kind: Kind, attribute: &Attribute, item: Item, errors: &Diagnostics) -> Option<Plan> {
    let runtime =
        attribute.runtime.as_ref().map_or_else(|| quote!(::redis_cached), |path| path.to_token_stream());
    if let Some(constness) = &item.sig.constness {
        errors.at(constness, "a `const fn` cannot ask Redis: remove `const`");
    }
    let outcome = Outcome::of(&item.sig, errors);
    let mut parameters = parameters(&item.sig);
    let code = code(attribute);
    check_ret(&parameters, &code, &attribute.targets, errors);
    parameters.push(ret_parameter(&outcome.value));
    let planner = Planner { signature: &item.sig, parameters: &parameters, skip: &[], errors };
    let printer =
        Printer { runtime: &runtime, cache: attribute.cache.as_ref(), parameters: &parameters, planner };
    let targets: Vec<Target> =
        attribute.targets.iter().enumerate().map(|(index, written)| printer.print(written, index)).collect();
    check_flags(attribute, &targets, &outcome, errors);
    let after = targets.iter().map(|target| &target.evaluated_after);
    let value = &attribute.value;
    let borrows = borrows(&item, &parameters, &quote!(#(#after;)* #value));
    let in_a_tag = targets.iter().zip(&attribute.targets).find_map(|(target, written)| match written {
        Written::Tag(tags::Written::Template(name)) if target.after => Some(Ident::new("ret", name.span())),
        _ => None,
    });
    Some(Plan {
        kind,
        before: attribute.before.is_some(),
        on_error: attribute.on_error.is_some(),
        value: attribute.value.clone(),
        ret: users_ret(code).or(in_a_tag),
        borrows,
        targets,
        outcome,
        runtime,
        item,
    })
}

/// All expressions of the attribute.
fn code(attribute: &Attribute) -> TokenStream {
    let targets = attribute.targets.iter().filter_map(|written| match written {
        Written::Call(expr) | Written::Entry(expr) | Written::Tag(tags::Written::Typed(expr)) => Some(expr),
        Written::Tag(tags::Written::Template(_)) => None,
    });
    let value = &attribute.value;
    quote!(#(#targets;)* #value)
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

fn check_ret(parameters: &[Parameter], code: &TokenStream, targets: &[Written], errors: &Diagnostics) {
    let in_tags =
        targets.iter().any(|written| matches!(written, Written::Tag(tags::Written::Template(name)) if name.value().contains("<ret")));
    if !mentions_ret(code) && !in_tags {
        return;
    }
    for parameter in parameters {
        let names = match &parameter.binding {
            Binding::Name(name) => std::slice::from_ref(name),
            Binding::Pattern(_, names) => &names[..],
            Binding::Nothing => &[],
        };
        for name in names.iter().filter(|name| same(name, &Ident::new("ret", Span::call_site()))) {
            errors.at(
                name,
                "in the attribute `ret` is what the function returned: give this argument another name",
            );
        }
    }
}

fn check_flags(attribute: &Attribute, targets: &[Target], outcome: &Outcome, errors: &Diagnostics) {
    let all_after = !targets.is_empty() && targets.iter().all(|target| target.after);
    if let Some(before) = attribute.before.as_ref().filter(|_| all_after) {
        errors.at(before, "every target mentions `ret`, which is not there before the function has returned: leave out `before`");
    }
    if let Some(on_error) = &attribute.on_error {
        if outcome.form == Form::Value {
            errors.at(on_error, "this function does not return a `Result`, so what it returns is never an error: leave out `on_error`");
        } else if all_after {
            errors.at(on_error, "every target mentions `ret`, which is not there when the function has failed: leave out `on_error`");
        }
    }
}

fn borrows(item: &Item, parameters: &[Parameter], after: &TokenStream) -> bool {
    let mentions = Mentions::of(after);
    let takes_self = item.sig.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_)));
    let named = |parameter: &Parameter| match &parameter.binding {
        Binding::Name(name) => name != "ret" && mentions.name(name),
        Binding::Pattern(_, names) => names.iter().any(|name| mentions.name(name)),
        Binding::Nothing => false,
    };
    takes_self && mentions.text("self") || parameters.iter().any(named)
}
