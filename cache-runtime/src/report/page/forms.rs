//! The forms by which a reader of the page invalidates, and the document that answers them.

use super::form::FormTarget;
use super::head;
use super::html::Html;

/// What the forms need, where the program allows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forms<'a> {
    /// That the form is from this page.
    pub(crate) token: &'a str,
    /// Of the cache.
    pub(crate) prefix: &'a str,
}

/// They stand outside `main`, which a live page renews: what somebody is writing stays as it is.
pub(super) fn section(html: &mut Html, forms: Forms<'_>) {
    html.markup("<section aria-labelledby=\"invalidate\">\n<h2 id=\"invalidate\">Invalidate</h2>\n");
    html.markup("<div class=\"forms\">\n");
    for target in FormTarget::ALL {
        form(html, target, forms);
    }
    html.markup("</div>\n</section>\n");
}

fn form(html: &mut Html, target: FormTarget, Forms { token, prefix }: Forms<'_>) {
    // Without an action it goes to where the page is from.
    html.markup("<form method=\"post\">\n<input type=\"hidden\" name=\"token\" value=\"").text(token);
    html.markup("\"><input type=\"hidden\" name=\"by\" value=\"").markup(target.name()).markup("\">\n");
    let (label, hint) = match target {
        FormTarget::Tag => ("A tag", "As the program names it. All entries that have it"),
        FormTarget::Key => ("A key", "The whole key, as the report shows keys"),
        FormTarget::Prefix => {
            ("All keys that begin with", "Whoever has written them. Looks at every key of the database")
        }
    };
    html.markup("<label>").markup(label);
    html.markup(" <input name=\"name\" autocomplete=\"off\" spellcheck=\"false\" required=\"\"");
    if target != FormTarget::Tag && !prefix.is_empty() {
        html.markup(" placeholder=\"").key(prefix).markup("…\"");
    }
    html.markup("></label>\n<button>Invalidate</button>\n<small>").markup(hint).markup("</small>\n</form>\n");
}

/// The document that says what was done, or what was wrong.
pub(crate) fn answer(status: u16, sentence: &str) -> String {
    let mut html = Html::default();
    let title = if status == 200 { "Invalidated" } else { "Not invalidated" };
    head(&mut html, title);
    html.markup("<body>\n<header>\n<h1>").markup(title).markup("</h1>\n</header>\n<main>\n");
    html.markup("<p class=\"answer\" role=\"status\">");
    html.sentence(sentence).markup(".</p>\n<p><a href=\"\">Back to the page</a></p>\n");
    html.markup("</main>\n</body>\n</html>\n");
    html.into_string()
}
