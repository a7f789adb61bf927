//! One target: whether it is made before the body or after it, and what of it is evaluated when.
//!
//! A target that does not mention `ret` is made before the body, which may consume the arguments. One that does is made
//! after it; those of its arguments that do not mention `ret` are cloned before.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprCall, ExprMethodCall, LitStr};

use crate::parse::key_template::{Noun, Template};
use crate::parse::values::tags::WrittenTag;
use crate::plan::key::{Key, Planner};
use crate::plan::tags::constructor_arguments;
use crate::signature::mentions::Mentions;
use crate::writes::parse::WrittenTarget;

pub(crate) struct Target {
    pub(crate) form: TargetForm,
    /// Whether it is made after the body.
    pub(crate) after: bool,
}

pub(crate) enum TargetForm {
    Call(ExprCall),
    Method(ExprMethodCall),
    /// An expression that is an `Entry` itself.
    Entry(Expr),
    /// A tag's name, and where it stands.
    Tag(Key, Span),
    TypedTag(Expr),
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
    /// `after` is whether the argument's target is made after the body.
    pub(crate) fn of(argument: &Expr, after: bool) -> Self {
        match argument {
            _ if !after => Self::InPlace,
            Expr::Lit(_) => Self::InPlace,
            argument if mentions_ret(argument) => Self::After,
            _ => Self::Before,
        }
    }
}

pub(super) fn mentions_ret(code: impl ToTokens) -> bool {
    Mentions::of(code).text("ret")
}

impl Target {
    /// `planner` is for the names in tags.
    pub(super) fn plan(written: WrittenTarget, planner: &Planner<'_>) -> Self {
        match written {
            WrittenTarget::Call(call) => {
                Self { after: mentions_ret(&call.args), form: TargetForm::Call(call) }
            }
            WrittenTarget::Method(call) => {
                let after = mentions_ret(&call.receiver) || mentions_ret(&call.args);
                Self { after, form: TargetForm::Method(call) }
            }
            WrittenTarget::Entry(entry) => {
                Self { after: mentions_ret(&entry), form: TargetForm::Entry(entry) }
            }
            WrittenTarget::Tag(WrittenTag::Typed(tag)) => {
                Self { after: mentions_ret(&tag), form: TargetForm::TypedTag(tag) }
            }
            WrittenTarget::Tag(WrittenTag::Template(literal)) => Self::tag(literal, planner),
        }
    }

    fn tag(literal: LitStr, planner: &Planner<'_>) -> Self {
        let place = literal.span();
        let template = Template::parse(literal, Noun::Tag, planner.errors);
        let after = template.placeholders().any(|placeholder| placeholder.name == "ret");
        Self { after, form: TargetForm::Tag(planner.name(&template), place) }
    }

    /// What of the user's is evaluated after the body. `cache` is the option.
    pub(super) fn evaluated_after(&self, cache: Option<&Expr>) -> TokenStream {
        if !self.after {
            return TokenStream::new();
        }
        match &self.form {
            TargetForm::Call(call) => after(&call.args),
            TargetForm::Method(call) => {
                let (receiver, arguments) = (&call.receiver, after(&call.args));
                quote!(#receiver; #arguments)
            }
            TargetForm::Entry(entry) => entry.to_token_stream(),
            TargetForm::Tag(..) => cache.to_token_stream(),
            TargetForm::TypedTag(tag) => {
                let arguments = after(constructor_arguments(tag));
                quote!(#cache; #arguments)
            }
        }
    }
}

fn after<'a>(arguments: impl IntoIterator<Item = &'a Expr>) -> TokenStream {
    let arguments = arguments.into_iter().filter(|argument| matches!(When::of(argument, true), When::After));
    quote!(#(#arguments;)*)
}
