//! Expands a crate's own `macro_rules!`, as far as items go: what a macro declares is public as well.

use std::collections::HashMap;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::{AnyDelimiter, Speculative};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Ident, Item, ItemMacro, Token};

/// The macros in scope, by name.
#[derive(Clone, Default)]
pub(crate) struct Macros(HashMap<String, Vec<Rule>>);

#[derive(Clone)]
struct Rule {
    pattern: Vec<Pattern>,
    template: TokenStream,
}

#[derive(Clone)]
enum Pattern {
    Token(TokenTree),
    Group(Delimiter, Vec<Pattern>),
    Variable { name: String, fragment: String },
    Repeat { patterns: Vec<Pattern>, separator: Option<TokenTree> },
}

/// What a variable stands for: tokens, or a list where it was repeated.
#[derive(Clone)]
enum Binding {
    Tokens(TokenStream),
    List(Vec<Binding>),
}

type Bindings = HashMap<String, Binding>;

impl Macros {
    /// Notes a definition, or gives the items of an invocation; `None` for a definition and for macros of other crates.
    pub(crate) fn define_or_expand(&mut self, item: &ItemMacro) -> Option<Vec<Item>> {
        let tokens = item.mac.tokens.clone();
        if let Some(name) = &item.ident {
            let rules = rules.parse2(tokens).unwrap_or_else(|error| panic!("macro {name}: {error}"));
            self.0.insert(name.to_string(), rules);
            return None;
        }
        let name = item.mac.path.require_ident().ok()?.to_string();
        let rules = self.0.get(&name)?;
        let expansion = rules.iter().find_map(|rule| rule.expand(&tokens));
        let expansion = expansion.unwrap_or_else(|| panic!("no rule of {name}! is for `{tokens}`"));
        let file: syn::File = syn::parse2(expansion).unwrap_or_else(|error| panic!("{name}!: {error}"));
        Some(file.items)
    }
}

fn rules(input: ParseStream<'_>) -> syn::Result<Vec<Rule>> {
    let mut rules = Vec::new();
    while !input.is_empty() {
        let (_, _, pattern) = input.parse_any_delimiter()?;
        input.parse::<Token![=>]>()?;
        let (_, _, template) = input.parse_any_delimiter()?;
        rules.push(Rule { pattern: patterns(&pattern)?, template: template.parse()? });
        input.parse::<Option<Token![;]>>()?;
    }
    Ok(rules)
}

fn patterns(input: ParseStream<'_>) -> syn::Result<Vec<Pattern>> {
    let mut patterns_ = Vec::new();
    while !input.is_empty() {
        patterns_.push(match input.parse()? {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => {
                if input.peek(syn::token::Paren) {
                    let (_, _, repeated) = input.parse_any_delimiter()?;
                    Pattern::Repeat { patterns: patterns(&repeated)?, separator: separator(input)? }
                } else {
                    let name = Ident::parse_any(input)?.to_string();
                    input.parse::<Token![:]>()?;
                    Pattern::Variable { name, fragment: Ident::parse_any(input)?.to_string() }
                }
            }
            TokenTree::Group(group) => Pattern::Group(group.delimiter(), patterns.parse2(group.stream())?),
            token => Pattern::Token(token),
        });
    }
    Ok(patterns_)
}

/// What stands after `$(…)`: a separator, if there is one, and `*`, `+` or `?`.
fn separator(input: ParseStream<'_>) -> syn::Result<Option<TokenTree>> {
    let token: TokenTree = input.parse()?;
    if is_repeat(&token) {
        return Ok(None);
    }
    let operator: TokenTree = input.parse()?;
    if is_repeat(&operator) { Ok(Some(token)) } else { Err(input.error("a separator of several tokens")) }
}

fn is_repeat(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if ['*', '+', '?'].contains(&punct.as_char()))
}

impl Rule {
    fn expand(&self, tokens: &TokenStream) -> Option<TokenStream> {
        let matching = |input: ParseStream<'_>| read_all(&self.pattern, input);
        let bindings = matching.parse2(tokens.clone()).ok()?;
        let transcribing = |input: ParseStream<'_>| transcribe(input, &bindings);
        Some(transcribing.parse2(self.template.clone()).unwrap())
    }
}

fn read_all(patterns: &[Pattern], input: ParseStream<'_>) -> syn::Result<Bindings> {
    let mut bindings = Bindings::new();
    for pattern in patterns {
        match pattern {
            Pattern::Token(token) => expect(token, input)?,
            Pattern::Group(delimiter, patterns) => {
                let (found, _, content) = input.parse_any_delimiter()?;
                if found != *delimiter {
                    return Err(input.error("another delimiter"));
                }
                bindings.extend(read_all(patterns, &content)?);
                content.is_empty().then_some(()).ok_or_else(|| content.error("more than the pattern"))?;
            }
            Pattern::Variable { name, fragment } => {
                bindings.insert(name.clone(), Binding::Tokens(read_fragment(fragment, input)?));
            }
            Pattern::Repeat { patterns, separator } => {
                bindings.extend(read_repeated(patterns, separator.as_ref(), input));
            }
        }
    }
    Ok(bindings)
}

fn read_repeated(patterns: &[Pattern], separator: Option<&TokenTree>, input: ParseStream<'_>) -> Bindings {
    let mut lists: HashMap<String, Vec<Binding>> =
        names(patterns).into_iter().map(|name| (name, Vec::new())).collect();
    let mut first = true;
    while !input.is_empty() {
        let ahead = input.fork();
        if !first && separator.is_some_and(|separator| expect(separator, &ahead).is_err()) {
            break;
        }
        let Ok(bindings) = read_all(patterns, &ahead) else { break };
        input.advance_to(&ahead);
        first = false;
        for (name, binding) in bindings {
            lists.get_mut(&name).unwrap().push(binding);
        }
    }
    lists.into_iter().map(|(name, list)| (name, Binding::List(list))).collect()
}

fn names(patterns: &[Pattern]) -> Vec<String> {
    let mut all = Vec::new();
    for pattern in patterns {
        match pattern {
            Pattern::Variable { name, .. } => all.push(name.clone()),
            Pattern::Group(_, patterns) | Pattern::Repeat { patterns, .. } => all.extend(names(patterns)),
            Pattern::Token(_) => {}
        }
    }
    all
}

fn expect(token: &TokenTree, input: ParseStream<'_>) -> syn::Result<()> {
    let found: TokenTree = input.parse()?;
    if found.to_string() == token.to_string() { Ok(()) } else { Err(input.error("another token")) }
}

fn read_fragment(fragment: &str, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    fn read<T: Parse + ToTokens>(input: ParseStream<'_>) -> syn::Result<TokenStream> {
        Ok(input.parse::<T>()?.into_token_stream())
    }
    match fragment {
        "ident" => Ok(Ident::parse_any(input)?.into_token_stream()),
        "ty" => read::<syn::Type>(input),
        "expr" => read::<syn::Expr>(input),
        "literal" => read::<syn::Lit>(input),
        "lifetime" => read::<syn::Lifetime>(input),
        "path" => read::<syn::Path>(input),
        "meta" => read::<syn::Meta>(input),
        "vis" => read::<syn::Visibility>(input),
        "item" => read::<Item>(input),
        "block" => read::<syn::Block>(input),
        "tt" => read::<TokenTree>(input),
        other => panic!("fragments of the kind `{other}` are not expanded yet"),
    }
}

fn transcribe(input: ParseStream<'_>, bindings: &Bindings) -> syn::Result<TokenStream> {
    let mut output = TokenStream::new();
    while !input.is_empty() {
        match input.parse()? {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => {
                if input.peek(syn::token::Paren) {
                    let (_, _, body) = input.parse_any_delimiter()?;
                    let separator = separator(input)?;
                    output.extend(repeat(&body.parse()?, separator.as_ref(), bindings)?);
                    continue;
                }
                let name = Ident::parse_any(input)?;
                match bindings.get(&name.to_string()) {
                    Some(Binding::Tokens(tokens)) => output.extend(tokens.clone()),
                    None if name == "crate" => output.extend(name.into_token_stream()),
                    _ => panic!("${name} is repeated, and used as if it were not"),
                }
            }
            TokenTree::Group(group) => {
                let transcribing = |input: ParseStream<'_>| transcribe(input, bindings);
                let stream = transcribing.parse2(group.stream())?;
                output.extend([TokenTree::Group(Group::new(group.delimiter(), stream))]);
            }
            token => output.extend([token]),
        }
    }
    Ok(output)
}

/// As often as the variables in it were repeated; others stay what they are.
fn repeat(
    body: &TokenStream,
    separator: Option<&TokenTree>,
    bindings: &Bindings,
) -> syn::Result<TokenStream> {
    let used = variables(body);
    let lists = bindings.iter().filter_map(|(name, binding)| match binding {
        Binding::List(list) if used.contains(name) => Some((name, list)),
        _ => None,
    });
    let lists: Vec<_> = lists.collect();
    let length = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
    let mut output = TokenStream::new();
    for index in 0..length {
        let mut inner = bindings.clone();
        inner.extend(lists.iter().map(|(name, list)| ((*name).clone(), list[index].clone())));
        output.extend(separator.filter(|_| index > 0).cloned());
        let transcribing = |input: ParseStream<'_>| transcribe(input, &inner);
        output.extend(transcribing.parse2(body.clone())?);
    }
    Ok(output)
}

fn variables(tokens: &TokenStream) -> Vec<String> {
    let mut all = Vec::new();
    let mut after_dollar = false;
    for token in tokens.clone() {
        match &token {
            TokenTree::Ident(name) if after_dollar => all.push(name.to_string()),
            TokenTree::Group(group) => all.extend(variables(&group.stream())),
            _ => {}
        }
        after_dollar = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '$');
    }
    all
}
