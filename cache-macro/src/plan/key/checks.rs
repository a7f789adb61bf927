//! What can be wrong between a key and a signature.
//!
//! Here is the rule that the whole product stands on: **every argument is in the key or skipped by name**, `self` and types
//! included. An argument that was forgotten would serve one caller's data to another, and no test of one caller would show it.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::{Member, Receiver, Type};

use super::Planner;
use crate::parse::key_template::{Noun, Template, TemplatePiece};
use crate::report::nearest::{instead, list, nearest};
use crate::signature::parameters::{Binding, Parameter};
use crate::signature::type_parameters::{TypeParameter, type_parameters};
use crate::signature::types::{behind_references, has_no_fields, is_anonymous};

impl Planner<'_> {
    /// Each name in `skip` is something that can be skipped.
    pub(super) fn check_skip(&self) {
        let names = self.skippable();
        for skipped in self.skip {
            let name = skipped.unraw().to_string();
            if !names.contains(&name) {
                let instead = instead(
                    &name,
                    names.iter().map(String::as_str),
                    "the function has none: leave out `skip`",
                );
                self.errors.at(skipped, format!("no argument is named `{name}`: {instead}"));
            }
        }
    }

    /// Every name that `skip` may hold: those inside a destructured argument as well.
    fn skippable(&self) -> Vec<String> {
        let this = self.signature.receiver().map(|_| "self".to_owned());
        let arguments = self.parameters.iter().flat_map(|parameter| parameter.binding.names());
        let names = arguments.chain(type_parameters(self.signature).map(|param| param.name));
        this.into_iter().chain(names.map(|name| name.unraw().to_string())).collect()
    }

    /// A destructured argument has no name that the entry function could give it, so it is skipped by a name in it, or not
    /// destructured. Where the template names a part of it, the placeholder has the error.
    pub(super) fn check_patterns(&self, template: Option<&Template>) {
        let named = |name: &Ident| template.is_some_and(|template| template.names(name));
        for parameter in self.parameters {
            let Binding::Pattern(pattern, names) = &parameter.binding else {
                continue;
            };
            if names.iter().any(|name| self.skips(name) || named(name)) {
                continue;
            }
            let skip = match names.first() {
                Some(name) => format!(", or write `skip({name})` if the result does not depend on it"),
                None => String::new(),
            };
            self.errors.at(
                pattern,
                format!(
                    "a destructured argument cannot be part of the key: give it a plain name, and take it apart in the \
                     body{skip}"
                ),
            );
        }
    }

    /// `{id}` reads like a placeholder to anybody who knows `format!`, and would make one key of all calls.
    pub(super) fn check_braces(&self, template: &Template) {
        for (name, inside) in braced(template) {
            if self.skippable().contains(&name) {
                self.errors.at(
                    &template.literal,
                    format!(
                        "`{{{inside}}}` is text and would be the same for every call: write `<{inside}>` for the argument \
                         (braces mark what Redis Cluster hashes, as in \"{{user:<id>}}:orders\")"
                    ),
                );
            }
        }
    }

    /// Every argument and every type parameter is in the template or skipped, and none is both.
    pub(super) fn check_all_named(&self, template: &Template) {
        let meant = self.meant(template);
        let forgotten = |name: &Ident| {
            !template.names(name) && !self.skips(name) && !meant.contains(&name.unraw().to_string())
        };
        if let Some(Receiver { self_token, .. }) = self.signature.receiver()
            && forgotten(&Ident::new("self", self_token.span))
        {
            self.errors.at(self_token, SELF_IS_FORGOTTEN);
        }
        for parameter in self.parameters {
            if let Binding::Name(name) = &parameter.binding {
                if forgotten(name) && !is_anonymous(&parameter.ty) {
                    self.report_forgotten("argument", name);
                } else if template.names(name) && !self.skips(name) {
                    self.check_named_whole(template, name, parameter);
                }
            }
        }
        for TypeParameter { name, is_const } in type_parameters(self.signature) {
            if forgotten(name) {
                self.report_forgotten(if is_const { "const parameter" } else { "type parameter" }, name);
            }
        }
        for skipped in self.skip.iter().filter(|skipped| template.names_whole(skipped)) {
            let name = skipped.unraw();
            self.errors
                .at(skipped, format!("`{name}` is skipped and in the key: leave it out of one of them"));
        }
    }

    fn report_forgotten(&self, what: &str, name: &Ident) {
        let plain = name.unraw();
        self.errors.at(
            name,
            format!(
                "the {what} `{plain}` is not in the key, so calls that differ in it alone would be given each other's \
                 results: add `<{plain}>` to the key, or `skip({plain})` if the result does not depend on it"
            ),
        );
    }

    /// A field names a field, and the result may depend on the others.
    fn check_named_whole(&self, template: &Template, name: &Ident, parameter: &Parameter) {
        let paths: Vec<&[Member]> = template.of(name).map(|placeholder| &placeholder.fields[..]).collect();
        let ty = parameter.ty_of_name();
        // What has no fields has that error.
        if is_whole(&paths, ty) || ty.is_some_and(|ty| has_no_fields(ty, self.signature).is_some()) {
            return;
        }
        let plain = name.unraw();
        self.errors.at(
            name,
            format!(
                "the key names a part of the argument `{plain}`, so calls that differ in the rest of it alone would be given \
                 each other's results: write `<{plain}>` for all of it, or add `skip({plain})` if the result does not depend \
                 on the rest"
            ),
        );
    }

    /// Names that the user meant to write and that have an error already: `{id}`, and what a misspelt name is nearest
    /// to. To call them forgotten as well would be a second error with the same cure.
    fn meant(&self, template: &Template) -> Vec<String> {
        let known = self.skippable();
        let written = template.placeholders().map(|placeholder| &placeholder.name).chain(self.skip);
        let written = written.map(|name| name.unraw().to_string()).filter(|name| !known.contains(name));
        let misspelt: Vec<String> = written
            .filter_map(|name| nearest(&name, known.iter().map(String::as_str)).map(str::to_owned))
            .collect();
        braced(template).into_iter().map(|(name, _)| name).chain(misspelt).collect()
    }

    /// What to say of a placeholder that names nothing.
    pub(super) fn unknown(&self, name: &Ident, noun: Noun) -> String {
        let name = name.unraw().to_string();
        let bound = self.parameters.iter().any(|parameter| match &parameter.binding {
            Binding::Pattern(_, names) => names.iter().any(|bound| bound.unraw() == name),
            _ => false,
        });
        if bound {
            return format!(
                "`<{name}>` is part of a destructured argument: give the argument a plain name, and write `<name.field>`"
            );
        }
        let known = self.nameable();
        match nearest(&name, known.iter().map(String::as_str)) {
            Some(nearest) => format!("no argument is named `{name}`: did you mean `<{nearest}>`?"),
            None => format!("no argument is named `{name}`: {}", self.what_may_be_named(noun)),
        }
    }

    pub(super) fn what_may_be_named(&self, noun: Noun) -> String {
        let known: Vec<String> = self.nameable().iter().map(|name| format!("<{name}>")).collect();
        match known[..] {
            [] => format!("the function has no arguments, so the {noun} has no placeholders (`<<` is a `<`)"),
            _ => format!("the {noun} may name {}", list(known.iter().map(String::as_str))),
        }
    }

    /// Arguments with a plain name, and type parameters.
    fn nameable(&self) -> Vec<String> {
        let arguments = self.parameters.iter().filter_map(|parameter| match &parameter.binding {
            Binding::Name(name) => Some(name),
            Binding::Pattern(..) | Binding::Nothing => None,
        });
        arguments
            .chain(type_parameters(self.signature).map(|param| param.name))
            .map(|name| name.unraw().to_string())
            .collect()
    }
}

const SELF_IS_FORGOTTEN: &str = "`self` is an argument and not in the key, so calls on different values would be given each \
    other's results: add what the result depends on to the key, `<self.field>` or all of `<self>`, or `skip(self)` if it \
    depends on nothing of it";

/// Whether `paths` leave nothing of a value out. The parts of a tuple can be counted; those of other types are not known here.
fn is_whole(paths: &[&[Member]], ty: Option<&Type>) -> bool {
    if paths.iter().any(|path| path.is_empty()) {
        return true;
    }
    let Some(Type::Tuple(tuple)) = ty.map(behind_references) else { return false };
    let is_whole = |(index, part): (usize, &Type)| {
        let of_part = paths.iter().filter_map(|path| match path.split_first()? {
            (Member::Unnamed(first), rest) if usize::try_from(first.index) == Ok(index) => Some(rest),
            _ => None,
        });
        is_whole(&of_part.collect::<Vec<_>>(), Some(part))
    };
    !paths.is_empty() && tuple.elems.iter().enumerate().all(is_whole)
}

/// What stands between braces in the template's text: the name it begins with, and all of it.
fn braced(template: &Template) -> Vec<(String, String)> {
    let texts = template.pieces.iter().filter_map(|piece| match piece {
        TemplatePiece::Text(text) => Some(text),
        TemplatePiece::Placeholder(_) => None,
    });
    let inside =
        texts.flat_map(|text| text.match_indices('{').filter_map(|(at, _)| text[at + 1..].split_once('}')));
    let named = inside.map(|(inside, _)| {
        let name = inside.split('.').next().unwrap_or_default();
        (name.trim_start_matches("r#").to_owned(), inside.to_owned())
    });
    named.collect()
}
