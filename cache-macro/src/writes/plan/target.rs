//! One target: whether it is made before the body or after it, and what of it is evaluated when.
//!
//! A target that does not mention `ret` is made before the body, which may consume the arguments. One that does is made
//! after it; those of its arguments that do not mention `ret` are cloned before. A loop is one target.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprCall, ExprMethodCall, LitStr, parse_quote};

use crate::parse::ident::same;
use crate::parse::key_template::{Noun, Template};
use crate::parse::values::tags::WrittenTag;
use crate::plan::key::{Key, Planner};
use crate::plan::tags::constructor_arguments;
use crate::signature::mentions::Mentions;
use crate::signature::parameters::{Binding, Parameter, bound_names};
use crate::writes::parse::{Each, Kind, WrittenTarget};

pub(crate) struct Target {
    pub(crate) form: TargetForm,
    /// Whether it is made after the body.
    pub(crate) after: bool,
    /// What the loops around it bind.
    pub(crate) bound: Vec<Ident>,
}

pub(crate) enum TargetForm {
    Call(ExprCall),
    Method(ExprMethodCall),
    /// An expression that is an `Entry` itself.
    Entry(Expr),
    /// A tag's name, and where it stands.
    Tag(Key, Span),
    TypedTag(Expr),
    Each(Box<Each<Target>>),
}

/// When an argument of a target is evaluated.
pub(crate) enum When {
    /// Where it stands.
    InPlace,
    /// Before the body, for a target that is made after it.
    Before,
    /// After the body.
    After,
}

impl When {
    /// `after` is whether the argument's target is made after the body, `bound` what the loops around it bind.
    pub(crate) fn of(argument: &Expr, after: bool, bound: &[Ident]) -> Self {
        match argument {
            _ if !after => Self::InPlace,
            Expr::Lit(_) => Self::InPlace,
            argument if mentions_ret(argument) || mentions_any(argument, bound) => Self::After,
            _ => Self::Before,
        }
    }
}

pub(super) fn mentions_ret(code: impl ToTokens) -> bool {
    Mentions::of(code).text("ret")
}

fn mentions_any(code: &Expr, names: &[Ident]) -> bool {
    let mentions = Mentions::of(code);
    names.iter().any(|name| mentions.name(name))
}

impl Target {
    /// `planner` is for the names in tags.
    pub(super) fn plan(written: WrittenTarget, planner: &Planner<'_>, kind: Kind) -> Self {
        let (after, form) = match written {
            WrittenTarget::Call(call) => (mentions_ret(&call.args), TargetForm::Call(call)),
            WrittenTarget::Method(call) => {
                let after = mentions_ret(&call.receiver) || mentions_ret(&call.args);
                (after, TargetForm::Method(call))
            }
            WrittenTarget::Entry(entry) => (mentions_ret(&entry), TargetForm::Entry(entry)),
            WrittenTarget::Tag(WrittenTag::Typed(tag)) => (mentions_ret(&tag), TargetForm::TypedTag(tag)),
            WrittenTarget::Tag(WrittenTag::Template(literal)) => Self::tag(literal, planner),
            WrittenTarget::Each(each) => Self::each(*each, planner, kind),
        };
        Self { form, after, bound: Vec::new() }
    }

    /// A loop is made after the body if anything in it needs that; one that updates always, for its elements are what is written.
    fn each(each: Each<WrittenTarget>, planner: &Planner<'_>, kind: Kind) -> (bool, TargetForm) {
        let Each { pat, collection, targets } = each;
        let names = bound_names(&pat);
        check_names(&names, planner);
        // What tags in the loop can name besides.
        let element = |name: &Ident| Parameter {
            attrs: Vec::new(),
            binding: Binding::Name(name.clone()),
            pattern: None,
            ty: parse_quote!(_),
        };
        let parameters: Vec<Parameter> =
            planner.parameters.iter().cloned().chain(names.iter().map(element)).collect();
        let planner = Planner { parameters: &parameters, ..*planner };
        let mut targets: Vec<Self> =
            targets.into_iter().map(|written| Self::plan(written, &planner, kind)).collect();
        let after =
            kind == Kind::Updates || mentions_ret(&collection) || targets.iter().any(|target| target.after);
        targets.iter_mut().for_each(|target| target.goes_into(&names, after));
        (after, TargetForm::Each(Box::new(Each { pat, collection, targets })))
    }

    fn goes_into(&mut self, names: &[Ident], after: bool) {
        self.bound.extend_from_slice(names);
        self.after = after;
        if let TargetForm::Each(each) = &mut self.form {
            each.targets.iter_mut().for_each(|target| target.goes_into(names, after));
        }
    }

    /// `ret`, where a tag that is made after the body stands.
    pub(super) fn ret_in_a_tag(&self) -> Option<Ident> {
        match &self.form {
            TargetForm::Tag(_, place) if self.after => Some(Ident::new("ret", *place)),
            TargetForm::Each(each) => each.targets.iter().find_map(Self::ret_in_a_tag),
            _ => None,
        }
    }

    fn tag(literal: LitStr, planner: &Planner<'_>) -> (bool, TargetForm) {
        let place = literal.span();
        let template = Template::parse(literal, Noun::Tag, planner.errors);
        let after = template.placeholders().any(|placeholder| placeholder.name == "ret");
        (after, TargetForm::Tag(planner.name(&template), place))
    }

    /// What of the user's is evaluated after the body. `cache` is the option.
    pub(super) fn evaluated_after(&self, cache: Option<&Expr>) -> TokenStream {
        if !self.after {
            return TokenStream::new();
        }
        match &self.form {
            TargetForm::Call(call) => self.late(&call.args),
            TargetForm::Method(call) => {
                let (receiver, arguments) = (&call.receiver, self.late(&call.args));
                quote!(#receiver; #arguments)
            }
            TargetForm::Entry(entry) => entry.to_token_stream(),
            TargetForm::Tag(..) => cache.to_token_stream(),
            TargetForm::TypedTag(tag) => {
                let arguments = self.late(constructor_arguments(tag));
                quote!(#cache; #arguments)
            }
            TargetForm::Each(each) => {
                let collection = self.late([&each.collection]);
                let targets = each.targets.iter().map(|target| target.evaluated_after(cache));
                quote!(#collection; #(#targets;)*)
            }
        }
    }

    /// Those of the expressions that are evaluated after the body.
    fn late<'a>(&self, arguments: impl IntoIterator<Item = &'a Expr>) -> TokenStream {
        let is_late = |argument: &&Expr| matches!(When::of(argument, self.after, &self.bound), When::After);
        let arguments = arguments.into_iter().filter(is_late);
        quote!(#(#arguments;)*)
    }
}

/// Reports an element with the name of an argument, which tags could not tell apart.
fn check_names(names: &[Ident], planner: &Planner<'_>) {
    for name in names {
        let mut taken = planner.parameters.iter().flat_map(|parameter| parameter.binding.names());
        if taken.any(|taken| same(taken, name)) {
            planner
                .errors
                .at(name, format!("`{name}` is something else already: give the element another name"));
        }
    }
}
