use syn::parse_quote;

use super::*;

const BOTH: Namers = Namers { entry_function: true, batch: false, negative: false };

type Read = Result<(String, String, Style), Vec<String>>;

fn read(signature: &Signature, namers: Namers) -> Read {
    let errors = Diagnostics::new();
    let Returns { value, form, style, .. } = Returns::of(signature, namers, &quote!(rt), &errors);
    let compact = |tokens: TokenStream| tokens.to_string().replace(' ', "");
    let form = match form {
        ReturnForm::Whole => "whole".to_owned(),
        ReturnForm::Named => "named".to_owned(),
        ReturnForm::Result(error) => compact(error),
        ReturnForm::ByType => "by type".to_owned(),
    };
    match errors.finish() {
        Some(error) => Err(error.into_iter().map(|error| error.to_string()).collect()),
        None => Ok((compact(value), form, style)),
    }
}

fn forms(namers: Namers, expected: &[(Signature, &str, &str)]) {
    for (signature, value, form) in expected {
        let form = (*form).to_owned();
        assert_eq!(read(signature, namers), Ok(((*value).to_owned(), form, Style::Blocking)));
    }
}

#[test]
fn values_and_errors() {
    const SEARCH: &str = "rt::expansion::Stored<SearchResult,{usert::expansion::Plainas_;\
                          rt::expansion::Returned::<SearchResult>::IS_RESULT}>";
    forms(
        BOTH,
        &[
            (parse_quote!(fn f()), "()", "whole"),
            (parse_quote!(fn f() -> u64), "u64", "whole"),
            (parse_quote!(fn f() -> (User, User)), "(User,User)", "whole"),
            (parse_quote!(fn f() -> User), "User", "named"),
            (parse_quote!(fn f() -> Option<User>), "Option<User>", "named"),
            (parse_quote!(fn f() -> outcome!(User)), "outcome!(User)", "named"),
            (parse_quote!(fn f() -> Result<User, Error>), "User", "Error"),
            (parse_quote!(fn f() -> std::result::Result<User, &'a str>), "User", "&'astr"),
            (parse_quote!(fn f() -> io::Result<User>), "User", "rt::expansion::ErrorOf<io::Result<User>>"),
            (parse_quote!(fn f() -> SearchResult), SEARCH, "by type"),
            (
                parse_quote!(fn f() -> AppResult<T>),
                "rt::expansion::OkOf<AppResult<T>>",
                "rt::expansion::ErrorOf<AppResult<T>>",
            ),
            (
                parse_quote!(fn f<Row>() -> AppResult<Row>),
                "rt::expansion::OkOf<AppResult<Row>>",
                "rt::expansion::ErrorOf<AppResult<Row>>",
            ),
            (parse_quote!(fn f() -> Cow<'static, str>), "Cow<'static,str>", "named"),
        ],
    );
}

#[test]
fn where_nobody_namers_the_value_the_type_tells() {
    forms(
        Namers { entry_function: false, batch: false, negative: false },
        &[
            (parse_quote!(fn f() -> u64), "u64", "whole"),
            (parse_quote!(fn f() -> User), "", "by type"),
            (parse_quote!(fn f() -> Self::Result), "", "by type"),
            (parse_quote!(fn f() -> AppResult<T>), "", "by type"),
            (parse_quote!(fn f() -> Result<User, Error>), "User", "Error"),
        ],
    );
}

#[test]
fn styles() {
    let boxed = parse_quote! {
        fn f<'a>(&'a self) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<User, E>> + Send + 'a>>
    };
    let style = |signature: &Signature| read(signature, BOTH).map(|(.., style)| style);
    assert_eq!(style(&boxed), Ok(Style::BoxedFuture));
    assert_eq!(style(&parse_quote!(async fn f() -> User)), Ok(Style::Async));
    assert_eq!(style(&parse_quote!(async fn f())), Ok(Style::Async));
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
        let messages = read(&signature, BOTH).expect_err(part);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains(part), "{messages:?}");
    }
}
