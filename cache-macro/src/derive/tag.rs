//! `#[derive(Tag)]`: a tag as a type, so that whoever has it and whoever invalidates it cannot call it differently.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Data, DeriveInput, Field, Fields, LitStr, Member, Meta, Path, Token, parse_quote};

use crate::parse::key_template::{Noun, TemplatePiece, member, pieces};
use crate::parse::values::runtime::runtime;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::{instead, nearest};
use crate::report::spans::{moved, name_of};
use crate::signature::types::bare;

/// What stands in `#[tag("city:<0>", crate = path)]`.
struct TagOptions {
    template: LitStr,
    runtime: TokenStream,
}

pub(super) fn implementation(input: &DeriveInput, errors: &Diagnostics) -> Option<TokenStream> {
    let name = &input.ident;
    let Data::Struct(data) = &input.data else {
        errors.at(
            name,
            format!(
                "a tag is a struct: derive `KeyPart` for `{name}`, and declare `#[derive(Tag)] #[tag(\"…:<0>\")] struct Of{name}({name});`"
            ),
        );
        return None;
    };
    let TagOptions { template, runtime } = options(input, &data.fields, errors)?;
    let (pieces, readable) = pieces(&template, Noun::Tag, placeholder, errors);
    if template.value().is_empty() {
        errors.at(&template, "the tag is empty: write a name for what is invalidated together");
    } else if readable {
        check(&pieces, &data.fields, &template, errors);
    }
    let (lead, name_of_tag) = name_of_tag(&pieces, &data.fields, &runtime);
    let mut generics = input.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#runtime::KeyPart));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics #runtime::Tag for #name #type_generics #where_clause {
            fn tag_name(&self) -> ::std::borrow::Cow<'_, str> {
                #name_of_tag
            }
            fn lead(&self) -> ::core::option::Option<&'static str> {
                ::core::option::Option::Some(#lead)
            }
        }
        #[automatically_derived]
        impl #impl_generics ::core::convert::From<#name #type_generics> for ::std::string::String #where_clause {
            fn from(tag: #name #type_generics) -> Self {
                #runtime::Tag::tag_name(&tag).into_owned()
            }
        }
    })
}

/// The text before the first field, and the expression that makes the name.
fn name_of_tag(
    pieces: &[TemplatePiece<Member>],
    fields: &Fields,
    runtime: &TokenStream,
) -> (String, TokenStream) {
    let (lead, rest) = match pieces {
        [TemplatePiece::Text(lead), rest @ ..] => (lead.clone(), rest),
        rest => (String::new(), rest),
    };
    if rest.is_empty() {
        return (lead.clone(), quote!(::std::borrow::Cow::Borrowed(#lead)));
    }
    let rest = rest.iter().map(|piece| match piece {
        TemplatePiece::Text(text) => quote!(.text(#text)),
        TemplatePiece::Placeholder(member) => {
            // At the field's type: that is where rustc then says that it is no `KeyPart`.
            let field = fields.members().zip(fields).find(|(known, _)| known == member);
            let place = field.map_or_else(Span::call_site, |(_, field)| name_of(bare(&field.ty)));
            let value = moved(&quote!(&self.#member), place);
            quote!(.field(#value))
        }
    });
    let name = quote!(::std::borrow::Cow::Owned(#runtime::expansion::tag(#lead) #(#rest)* .end()));
    (lead, name)
}

fn placeholder(inside: &str, span: Span) -> Result<Member, String> {
    if let Some((field, _)) = inside.split_once(':') {
        return Err(format!(
            "`<{inside}>`: the name of a type's tag is made without a cache, whose key a secret's name takes: write `<{field}>`, or a template with \
             `<…:secret>` in the attribute in place of the type"
        ));
    }
    member(inside, span).ok_or_else(|| {
        format!(
            "`<{inside}>` is no field: write a field's name or number, such as `<id>` or `<0>`, or `<<` for the character itself"
        )
    })
}

/// Every placeholder is a field, and every field has one.
fn check(pieces: &[TemplatePiece<Member>], fields: &Fields, template: &LitStr, errors: &Diagnostics) {
    let known: Vec<Member> = fields.members().collect();
    let named = || {
        pieces.iter().filter_map(|piece| match piece {
            TemplatePiece::Placeholder(member) => Some(member),
            TemplatePiece::Text(_) => None,
        })
    };
    let mut meant = Vec::new();
    for unknown in named().filter(|member| !known.contains(member)) {
        let names: Vec<String> = known.iter().map(shown).collect();
        let unknown = shown(unknown);
        let names = || names.iter().map(String::as_str);
        meant.extend(nearest(&unknown, names()).map(str::to_owned));
        let instead = instead(&unknown, names(), "the struct has none");
        errors.at(template, format!("no field is named `{unknown}`: {instead}"));
    }
    for (member, field) in known.iter().zip(fields) {
        let plain = shown(member);
        // What was misspelt has been told of.
        if !named().any(|named| named == member) && !meant.contains(&plain) {
            errors.at(
                field_name(field),
                format!(
                    "`{plain}` is not in the tag, so tags that differ in it alone would have one name: add `<{plain}>`, or leave out the field"
                ),
            );
        }
    }
}

/// What an error about a field points at.
fn field_name(field: &Field) -> TokenStream {
    field.ident.as_ref().map_or_else(|| field.ty.to_token_stream(), Ident::to_token_stream)
}

fn shown(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

fn options(input: &DeriveInput, fields: &Fields, errors: &Diagnostics) -> Option<TagOptions> {
    let on_fields = fields.iter().flat_map(|field| &field.attrs);
    for attr in on_fields.filter(|attr| attr.path().is_ident("tag")) {
        errors.at(attr, "`#[tag]` goes on the type, not on a part of it");
    }
    let mut attrs = input.attrs.iter().filter(|attr| attr.path().is_ident("tag"));
    let example = example(&input.ident, fields);
    let Some(attr) = attrs.next() else {
        errors.at(
            &input.ident,
            format!("say what the tag is called: write `#[tag({example})]` beside the derive"),
        );
        return None;
    };
    for again in attrs {
        errors.at(again, "a tag has one name: keep one `#[tag(…)]`");
    }
    if !matches!(attr.meta, Meta::List(_)) {
        errors
            .at(attr, format!("`#[tag]` takes a template in one string literal: write `#[tag({example})]`"));
        return None;
    }
    errors.ok(attr.parse_args_with(|input: ParseStream<'_>| {
        let wrong = || format!("`#[tag]` takes a template in one string literal: write `#[tag({example})]`");
        let template = input.parse().map_err(|error| syn::Error::new(error.span(), wrong()))?;
        let mut path = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let keyword = input.parse::<Option<Token![crate]>>()?;
            if keyword.is_none() {
                return Err(input.error(format!(
                    "the only option is `crate`: write `#[tag({example}, crate = my_crate::redis_cached)]`"
                )));
            }
            input.parse::<Token![=]>()?;
            path = Some(input.call(Path::parse_mod_style)?);
        }
        Ok(TagOptions { template, runtime: runtime(path.as_ref()) })
    }))
}

/// `"city:<0>"` for `struct City<'a>(&'a str)`.
fn example(name: &Ident, fields: &Fields) -> String {
    let mut example = name.unraw().to_string().to_lowercase();
    for member in fields.members() {
        example.push_str(&format!(":<{}>", shown(&member)));
    }
    format!("{example:?}")
}
