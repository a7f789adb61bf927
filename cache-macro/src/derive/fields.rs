//! `#[derive(Fields)]`: the fields of a struct as the parts of a hash, and a constant for each by which it is asked for.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Path, Token, parse_quote};

use super::serde_attributes::{self, On};
use crate::report::diagnostics::Diagnostics;
use crate::report::spans::{moved, name_of};
use crate::signature::types::bare;

/// A field with a name.
struct NamedField<'a> {
    ident: &'a Ident,
    /// What the part is called: the name without `r#`.
    name: String,
    constant: Ident,
    field: &'a Field,
}

pub(super) fn implementation(input: &DeriveInput, errors: &Diagnostics) -> Option<TokenStream> {
    let runtime = runtime(input, errors);
    check_lifetimes(input, errors);
    serde_attributes::check(&input.attrs, On::Struct, errors);
    let fields = named_fields(input, errors)?;
    for field in &fields {
        serde_attributes::check(&field.field.attrs, On::Field, errors);
        if let Some(attr) = ours(&field.field.attrs).next() {
            errors.at(attr, "`#[fields]` goes on the type, not on a part of it");
        }
    }
    check_constants(&fields, errors);
    let constants = constants(input, &fields, &runtime);
    let in_shape = in_shape(input, &fields, &runtime);
    Some(quote!(#constants #in_shape))
}

/// The fields, or an error for what has none with names.
fn named_fields<'a>(input: &'a DeriveInput, errors: &Diagnostics) -> Option<Vec<NamedField<'a>>> {
    let name = &input.ident;
    let why = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => {
                return Some(fields.named.iter().filter_map(NamedField::of).collect());
            }
            Fields::Named(_) | Fields::Unit => {
                format!("`{name}` has no fields, so there is no part of it to ask for: leave out `Fields`")
            }
            Fields::Unnamed(_) => format!(
                "the fields of `{name}` have no names by which one could ask for them: derive `Fields` on a struct with named fields"
            ),
        },
        Data::Enum(_) => format!(
            "each variant of `{name}` has parts of its own: derive `Fields` on a struct, of which the enum can be a field"
        ),
        Data::Union(_) => format!(
            "a union does not know which of its fields holds the value: derive `Fields` on a struct in place of `{name}`"
        ),
    };
    errors.at(name, why);
    None
}

impl<'a> NamedField<'a> {
    fn of(field: &'a Field) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let name = ident.unraw().to_string();
        let constant = Ident::new(&name.to_uppercase(), ident.span());
        Some(Self { ident, name, constant, field })
    }

    /// `tokens`, shown at the field's type: that is where rustc then says that the type cannot be stored.
    fn at_type(&self, tokens: &TokenStream) -> TokenStream {
        moved(tokens, name_of(bare(&self.field.ty)))
    }
}

/// A value that is read from Redis owns its data, and so do its parts.
fn check_lifetimes(input: &DeriveInput, errors: &Diagnostics) {
    let borrows = input.generics.lifetimes().next().is_some();
    if borrows {
        errors.at(
            &input.ident,
            format!(
                "`{}` borrows, and what is read from Redis has nobody to borrow from: let its fields own their data",
                input.ident
            ),
        );
    }
}

/// Two fields of one constant.
fn check_constants(fields: &[NamedField<'_>], errors: &Diagnostics) {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for NamedField { ident, name, constant, .. } in fields {
        if let Some(first) = known.insert(constant.to_string(), name) {
            errors.at(
                ident,
                format!("`{first}` and `{name}` would both be asked for by the constant `{constant}`: rename one of them"),
            );
        }
    }
}

/// `User::NAME`, as visible as the field.
fn constants(input: &DeriveInput, fields: &[NamedField<'_>], runtime: &TokenStream) -> TokenStream {
    let constants = fields.iter().map(|NamedField { ident, name, constant, field }| {
        let (vis, ty) = (&field.vis, &field.ty);
        let doc = format!(" The field `{name}`, of an entry that is stored as a hash.");
        quote! {
            #[doc = #doc]
            #vis const #constant: #runtime::shape::Field<Self, #ty> = #runtime::shape::Field::new(#name, |value| &value.#ident);
        }
    });
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        // Not every field is asked for by itself.
        #[allow(dead_code, deprecated)]
        impl #impl_generics #name #type_generics #where_clause {
            #(#constants)*
        }
    }
}

/// A whole value, from and to its parts. The codec's parameter has a name that no field's type has.
fn in_shape(input: &DeriveInput, fields: &[NamedField<'_>], runtime: &TokenStream) -> TokenStream {
    let writes = fields.iter().map(|field| {
        let (name, ident) = (&field.name, field.ident);
        let value = field.at_type(&quote!(&self.#ident));
        quote!(parts.field(#name, #value)?;)
    });
    let reads = fields.iter().map(|field| {
        let (name, ident, ty) = (&field.name, field.ident, &field.field.ty);
        quote!(#ident: parts.field::<#ty>(#name)?)
    });
    let mut generics = input.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#runtime::Cacheable));
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #runtime::shape::InShape<#runtime::shape::Hash> for #name #type_generics #where_clause {
            fn write_parts<__C: #runtime::codec::Codec>(
                &self,
                parts: &mut #runtime::shape::PartsWriter<'_, __C>,
            ) -> ::core::result::Result<(), #runtime::codec::CodecError> {
                #(#writes)*
                ::core::result::Result::Ok(())
            }

            fn read_parts<__C: #runtime::codec::Codec>(
                parts: &mut #runtime::shape::PartsReader<'_, __C>,
            ) -> ::core::result::Result<Self, #runtime::codec::CodecError> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    }
}

/// The runtime's path, from `#[fields(crate = path)]`.
fn runtime(input: &DeriveInput, errors: &Diagnostics) -> TokenStream {
    let mut runtime = quote!(::redis_cached);
    for attr in ours(&input.attrs) {
        errors.ok(attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta
                    .error("the only option is `crate`: write `#[fields(crate = my_crate::redis_cached)]`"));
            }
            meta.input.parse::<Token![=]>()?;
            runtime = meta.input.call(Path::parse_mod_style)?.into_token_stream();
            Ok(())
        }));
    }
    runtime
}

fn ours(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("fields"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(input: &DeriveInput) -> Vec<String> {
        let errors = Diagnostics::new();
        let expanded = implementation(input, &errors);
        let messages: Vec<_> = errors.finish().into_iter().flatten().map(|error| error.to_string()).collect();
        assert!(expanded.is_some() || !messages.is_empty(), "nothing, and no error");
        messages
    }

    #[test]
    fn two_fields_of_one_constant_are_told_of_at_the_second() {
        let messages = messages(&parse_quote!(
            struct Both {
                id: u64,
                Id: u64,
                name: String,
            }
        ));
        assert_eq!(
            messages,
            ["`id` and `Id` would both be asked for by the constant `ID`: rename one of them"]
        );
    }

    #[test]
    fn what_has_no_named_fields_is_told_of() {
        for input in [
            parse_quote!(
                struct Pair(u8, u8);
            ),
            parse_quote!(
                struct Unit;
            ),
            parse_quote!(
                struct Empty {}
            ),
            parse_quote!(
                enum Either {
                    A { a: u8 },
                }
            ),
            parse_quote!(union Bits { a: u8 }),
        ] {
            let messages = messages(&input);
            assert_eq!(messages.len(), 1, "{}: {messages:?}", input.ident);
        }
    }

    #[test]
    fn all_errors_are_told_at_once() {
        let messages = messages(&parse_quote!(
            #[fields(path = my::cache)]
            #[serde(default)]
            struct Row<'a> {
                #[fields(name = "n")]
                #[serde(borrow)]
                name: &'a str,
            }
        ));
        assert_eq!(messages.len(), 5, "{messages:?}");
    }
}
