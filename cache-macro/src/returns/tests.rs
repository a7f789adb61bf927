use syn::parse_quote;

use super::*;

fn read(signature: &Signature) -> Result<(String, Option<String>, Style), Vec<String>> {
    let errors = Diagnostics::new();
    let returns = Returns::of(signature, &quote!(rt), &errors);
    let compact = |tokens: TokenStream| tokens.to_string().replace(' ', "");
    match errors.finish() {
        Some(error) => Err(error.into_iter().map(|error| error.to_string()).collect()),
        None => Ok((compact(returns.value), returns.error.map(compact), returns.style)),
    }
}

#[test]
fn values_and_errors() {
    for (signature, value, error) in [
        (parse_quote!(fn f()), "()", None),
        (parse_quote!(fn f() -> User), "User", None),
        (parse_quote!(fn f() -> Option<User>), "Option<User>", None),
        (parse_quote!(fn f() -> Result<User, Error>), "User", Some("Error")),
        (parse_quote!(fn f() -> std::result::Result<User, &'a str>), "User", Some("&'astr")),
        (parse_quote!(fn f() -> io::Result<User>), "User", Some("rt::private::ErrorOf<io::Result<User>>")),
        (
            parse_quote!(fn f() -> AppResult),
            "rt::private::OkOf<AppResult>",
            Some("rt::private::ErrorOf<AppResult>"),
        ),
        (parse_quote!(fn f() -> Cow<'static, str>), "Cow<'static,str>", None),
    ] {
        assert_eq!(read(&signature), Ok((value.to_owned(), error.map(str::to_owned), Style::Blocking)));
    }
}

#[test]
fn styles() {
    let boxed = parse_quote! {
        fn f<'a>(&'a self) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<User, E>> + Send + 'a>>
    };
    assert_eq!(read(&boxed), Ok(("User".to_owned(), Some("E".to_owned()), Style::BoxedFuture)));
    assert_eq!(read(&parse_quote!(async fn f() -> User)), Ok(("User".to_owned(), None, Style::Async)));
    assert_eq!(read(&parse_quote!(async fn f())), Ok(("()".to_owned(), None, Style::Async)));
}

#[test]
fn what_cannot_be_remembered() {
    for (signature, part) in [
        (parse_quote!(fn f() -> &str), "return `String`"),
        (parse_quote!(fn f() -> &'static str), "return `String`"),
        (parse_quote!(fn f() -> Option<&'a [u8]>), "return `Vec<u8>`"),
        (parse_quote!(fn f() -> Result<&User, E>), "return `User`"),
        (parse_quote!(fn f() -> Cow<'_, str>), "lifetime `'_`"),
        (parse_quote!(fn f() -> Row<'a>), "lifetime `'a`"),
        (parse_quote!(fn f() -> impl Future<Output = u8>), "write `async fn` with `-> u8`"),
        (parse_quote!(fn f() -> impl Iterator<Item = &'a u8>), "instead of `impl Trait`"),
        (parse_quote!(fn f() -> Result<impl Sized, E>), "instead of `impl Trait`"),
        (parse_quote!(fn f() -> BoxFuture<'a, u8>), "write `async fn`"),
        (parse_quote!(fn f() -> !), "never returns"),
    ] {
        let messages = read(&signature).expect_err(part);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains(part), "{messages:?}");
    }
}
