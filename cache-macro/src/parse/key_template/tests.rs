use super::*;

/// The pieces in a readable form, or the error messages.
fn read(template: &str) -> Result<String, Vec<String>> {
    let errors = Diagnostics::new();
    let template = Template::parse(LitStr::new(template, Span::call_site()), Noun::Key, &errors);
    match errors.finish() {
        Some(error) => Err(error.into_iter().map(|error| error.to_string()).collect()),
        None => Ok(template
            .pieces
            .iter()
            .map(|piece| match piece {
                TemplatePiece::Text(text) => format!("[{text}]"),
                TemplatePiece::Placeholder(placeholder) => placeholder.to_string(),
            })
            .collect()),
    }
}

#[test]
fn the_grammar() {
    for (template, expected) in [
        ("user", "[user]"),
        ("user:<id>", "[user:]<id>"),
        ("<id>", "<id>"),
        ("<a>:<b>", "<a>[:]<b>"),
        ("{user:<id>}:orders", "[{user:]<id>[}:orders]"),
        ("<user.address.city>", "<user.address.city>"),
        ("<self.tenant>/<pair.0>", "<self.tenant>[/]<pair.0>"),
        ("<T>:<Self>", "<T>[:]<Self>"),
        ("<type>:<r#fn>", "<type>[:]<fn>"),
        ("<id.type>", "<id.type>"),
        ("a << b > c >> d", "[a < b > c >> d]"),
        ("<<<id>>", "[<]<id>[>]"),
        ("<<id>", "[<id>]"),
        ("<größe>é<b>", "<größe>[é]<b>"),
        ("user:<user.email:secret>:x", "[user:]<user.email:secret>[:x]"),
    ] {
        assert_eq!(read(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn what_is_no_template() {
    for (template, part) in [
        ("", "the key is empty"),
        ("a<>", "`<>` is empty"),
        ("a<id", "never closed: write `<id>`"),
        ("a<id:<b>", "never closed"),
        ("a<", "never closed"),
        ("<id.>", "`<id.>` is not a placeholder"),
        ("<.id>", "`<.id>` is not a placeholder"),
        ("<a..b>", "not a placeholder"),
        ("< id >", "without spaces"),
        ("<0>", "not a placeholder"),
        ("<id.+1>", "not a placeholder"),
        ("<id.007>", "not a placeholder"),
        ("<id()>", "not a placeholder"),
        ("<a.self>", "not a placeholder"),
        ("<crate>", "not a placeholder"),
        ("<_>", "not a placeholder"),
        ("<x y>", "not a placeholder"),
        ("<email:secrt>", "did you mean `<email:secret>`?"),
        ("<email:x?>", "write `<email:secret>`, or `<email>`"),
        ("<email:>", "write `<email:secret>`, or `<email>`"),
        ("<:secret>", "`<:secret>` is not a placeholder"),
    ] {
        let messages = read(template).expect_err(template);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains(part), "{template}: {messages:?}");
    }
}

#[test]
fn every_bad_placeholder_is_reported() {
    assert_eq!(read("<a.>:<>:<0>").expect_err("three").len(), 3);
}

#[test]
fn placeholders_need_a_delimiter_that_no_argument_contains() {
    for (template, corrected) in [
        ("<a><b>", "<a>:<b>"),
        ("x<a>-<b>", "x<a>:<b>"),
        ("<a>.<b>~<c>", "<a>:<b>:<c>"),
        ("<a>v2<b>", "<a>:v2<b>"),
        ("<a>-v<b>:<c>", "<a>:v<b>:<c>"),
        ("<a>%<b><<", "<a>:%<b><<"),
    ] {
        let messages = read(template).expect_err(template);
        assert!(messages[0].ends_with(&format!("as in {corrected:?}")), "{template}: {messages:?}");
    }
    for template in ["<a>:<b>", "<a>-:-<b>", "<a> <b>", "<a>{<b>}", "<a><<<b>", "<a>é<b>"] {
        assert!(read(template).is_ok(), "{template}");
    }
}
