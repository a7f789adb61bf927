//! `#[derive(KeyPart)]`.
//!
//! A newtype renders as what it wraps, a struct as the list of its fields, an enum without fields as the variant's name,
//! any other enum as a list that begins with the variant's name. Two different values of one type never render alike,
//! because a list tells its items apart and every item is rendered by the same rule.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{
    Data, DataEnum, DataStruct, DeriveInput, Field, Fields, Generics, Path, Token, Variant, parse_quote,
};

use crate::report::diagnostics::Diagnostics;
use crate::report::spans::{moved, name_of};
use crate::signature::types::bare;

pub(super) fn implementation(input: &DeriveInput, errors: &Diagnostics) -> TokenStream {
    let runtime = runtime(input, errors);
    let body = match &input.data {
        Data::Struct(data) => structure(&data.fields, &runtime),
        Data::Enum(data) => enumeration(data),
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "a union does not know which of its fields holds the value: derive `KeyPart` on a struct or an enum, or \
                 implement it by hand",
            );
            TokenStream::new()
        }
    };
    let mut generics = input.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#runtime::KeyPart));
    }
    let name = &input.ident;
    let scalar = scalar(name, &input.data, &generics, &runtime);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #runtime::KeyPart for #name #type_generics #where_clause {
            fn write(&self, key: &mut #runtime::KeyWriter<'_>) {
                #body
            }
        }
        #scalar
    }
}

/// A newtype is one text if what it wraps is, and so is an enum without fields.
fn scalar(name: &Ident, data: &Data, generics: &Generics, runtime: &TokenStream) -> TokenStream {
    let wrapped = match data {
        Data::Struct(DataStruct { fields: Fields::Unnamed(fields), .. }) if fields.unnamed.len() == 1 => {
            Some(&fields.unnamed[0].ty)
        }
        Data::Enum(data) if data.variants.iter().all(|variant| variant.fields.is_empty()) => None,
        _ => return TokenStream::new(),
    };
    let mut generics = generics.clone();
    if let Some(wrapped) = wrapped {
        // `for<'a>`, or rustc would refuse the implementation where the bound does not hold, and not just leave it out.
        generics.make_where_clause().predicates.push(parse_quote!(for<'scalar> #wrapped: #runtime::Scalar));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #runtime::Scalar for #name #type_generics #where_clause {}
    }
}

/// The runtime's path, from `#[key_part(crate = path)]`.
fn runtime(input: &DeriveInput, errors: &Diagnostics) -> TokenStream {
    let mut runtime = quote!(::redis_cached);
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("key_part")) {
        errors.ok(attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error(
                    "the only option is `crate`: write `#[key_part(crate = my_crate::redis_cached)]`",
                ));
            }
            meta.input.parse::<Token![=]>()?;
            runtime = meta.input.call(Path::parse_mod_style)?.into_token_stream();
            Ok(())
        }));
    }
    for attr in
        fields(&input.data).flat_map(|field| &field.attrs).chain(variants(&input.data).flat_map(|v| &v.attrs))
    {
        if attr.path().is_ident("key_part") {
            errors.at(attr, "`#[key_part]` goes on the type, not on a part of it");
        }
    }
    runtime
}

fn variants(data: &Data) -> impl Iterator<Item = &Variant> {
    let data = match data {
        Data::Enum(data) => Some(data),
        Data::Struct(_) | Data::Union(_) => None,
    };
    data.into_iter().flat_map(|data| &data.variants)
}

fn fields(data: &Data) -> impl Iterator<Item = &Field> {
    let own = match data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(_) | Data::Union(_) => None,
    };
    own.into_iter().chain(variants(data).map(|variant| &variant.fields)).flatten()
}

fn structure(fields: &Fields, runtime: &TokenStream) -> TokenStream {
    if let Fields::Unnamed(fields) = fields
        && fields.unnamed.len() == 1
    {
        let value = at_type(&quote!(&self.0), &fields.unnamed[0]);
        return quote!(#runtime::KeyPart::write(#value, key););
    }
    let values = fields.members().zip(fields).map(|(member, field)| at_type(&quote!(&self.#member), field));
    quote!(#(key.item(#values);)*)
}

/// A field's value, whose tokens stand at the field's type: that is where rustc then says that the type is no `KeyPart`.
fn at_type(value: &TokenStream, field: &Field) -> TokenStream {
    moved(value, name_of(bare(&field.ty)))
}

fn enumeration(data: &DataEnum) -> TokenStream {
    if data.variants.is_empty() {
        return quote!(match *self {});
    }
    let plain = data.variants.iter().all(|variant| variant.fields.is_empty());
    let arms = data.variants.iter().map(|variant| if plain { named(variant) } else { listed(variant) });
    quote!(match self { #(#arms)* })
}

fn named(variant: &Variant) -> TokenStream {
    let (ident, name) = (&variant.ident, variant.ident.unraw().to_string());
    let braces = braces(variant);
    quote!(Self::#ident #braces => key.text(#name),)
}

fn listed(variant: &Variant) -> TokenStream {
    let (ident, name) = (&variant.ident, variant.ident.unraw().to_string());
    // Numbered, because a field may have the name of the parameter `key`.
    let bound: Vec<Ident> = (0..variant.fields.len()).map(|number| format_ident!("field_{number}")).collect();
    let values =
        bound.iter().zip(&variant.fields).map(|(bound, field)| at_type(&bound.to_token_stream(), field));
    let pattern = match &variant.fields {
        Fields::Named(fields) => {
            let names = fields.named.iter().map(|field| &field.ident);
            quote!({ #(#names: #bound),* })
        }
        Fields::Unnamed(_) => quote!((#(#bound),*)),
        Fields::Unit => TokenStream::new(),
    };
    quote! {
        Self::#ident #pattern => {
            key.item(#name);
            #(key.item(#values);)*
        }
    }
}

/// `V {}` and `V()` are variants without fields, and still need their brackets in a pattern.
fn braces(variant: &Variant) -> TokenStream {
    match &variant.fields {
        Fields::Named(_) => quote!({}),
        Fields::Unnamed(_) => quote!(()),
        Fields::Unit => TokenStream::new(),
    }
}
