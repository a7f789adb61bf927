use std::time::Duration;

use super::*;
use crate::report::analysis::{FunctionReport, HotKey, LargeValue};
use crate::report::figures::Figures;
use crate::report::history::HistoryPoint;
use crate::report::miss_reason::{MissReason, REASONS};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A report with all that a page shows.
fn report() -> Report {
    let mut reasons = [0; REASONS];
    reasons[MissReason::Expired as usize] = 2_940;
    reasons[MissReason::Cold as usize] = 60;
    let settings = Figures {
        function: "shop::settings".to_owned(),
        hits: 6_000,
        local_hits: 1_500,
        misses: 3_000,
        computes: 3_000,
        compute_micros: 1_200_000_000,
        stored: 3_000,
        noted: 10,
        noted_bytes: 12_000,
        most_bytes: 1_400,
        ttl_millis: 60_000,
        expired_same: 2_940,
        between_millis: 6_000_000_000,
        expired_between_millis: 6_000_000_000,
        expired_between: 2_940,
        reasons,
        ..Figures::default()
    };
    let quiet = Figures { function: "shop::quiet".to_owned(), hits: 1, ..Figures::default() };
    let mut report = Report::of(secs(27_000), 1, &[quiet, settings]);
    let settings = &mut report.functions[1];
    (settings.median_age, settings.most_age) = (Some(secs(33)), Some(secs(66)));
    settings.hottest = vec![HotKey { key: "shop:settings:7".to_owned(), hits: 912, error: 3 }];
    settings.largest = vec![LargeValue { key: "shop:settings:12".to_owned(), bytes: 1_400 }];
    settings.refusal = Some("Decimal cannot be read back".to_owned());
    let mut tag = TagStats::default();
    (tag.tag, tag.hits, tag.misses, tag.invalidations) = ("city:".to_owned(), 4_200, 300, 12);
    report.tags = vec![tag];
    let node = NodeStats {
        address: "127.0.0.1:6379".to_owned(),
        version: "Valkey 8.1.0".to_owned(),
        keys: 4_200,
        used_memory: 9 << 20,
        max_memory: 64 << 20,
        policy: "allkeys-lru".to_owned(),
        fragmentation: 1.25,
        evicted: 0,
        expired: 2_950,
        hits: 4_500,
        misses: 3_000,
    };
    report.with_server(ServerStats::of(vec![node]))
}

/// A quarter of an hour that began well.
fn history() -> Vec<FunctionHistory> {
    let point = |at: u32| HistoryPoint {
        ago: f64::from(5 * (170 - at)),
        seconds: 5.0,
        hits: if (80..90).contains(&at) { 0 } else { 90 + at % 7 },
        misses: if (80..90).contains(&at) { 0 } else { at / 4 },
    };
    vec![FunctionHistory { function: "shop::settings".to_owned(), points: (0..170).map(point).collect() }]
}

fn page(report: &Report, fleet: Option<&Report>, missing: &[String]) -> String {
    let history = &history();
    let every = Some(secs(5));
    let title = "redis-cached";
    let forms = None;
    document(&PageContent { title, report, history, fleet, fleet_history: history, missing, every, forms })
}

/// Elements that have no end tag.
const VOID: [&str; 4] = ["br", "input", "meta", "wbr"];

/// Fails where the document is not what a strict reader of HTML takes: start and end tags that match, quoted attributes, unique ids, links that lead somewhere, and no character
/// in a text that should be escaped.
fn check(html: &str) {
    let mut rest = html.strip_prefix("<!DOCTYPE html>\n").expect("its type comes first");
    let (mut open, mut ids, mut links) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(start) = rest.find('<') {
        check_text(&rest[..start]);
        let end = start + rest[start..].find('>').expect("the tag's end");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "before {rest:.80}");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit()), "<{tag}>");
        check_attributes(attributes, &mut ids, &mut links);
        if name == "style" {
            let (style, after) = rest.split_once("</style>").expect("its end");
            assert!(["<", "@import", "url("].iter().all(|part| !style.contains(part)), "nothing is loaded");
            assert_eq!(style, STYLE);
            rest = after;
        } else if name == "script" {
            let (script, after) = rest.split_once("</script>").expect("its end");
            assert_eq!(script, SCRIPT, "one script, and nothing within it");
            rest = after;
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands twice");
    assert!(links.iter().all(|link| ids.contains(link)), "{links:?} {ids:?}");
}

fn check_text(text: &str) {
    assert!(!text.contains(['>', '"', '\'']), "{text}");
    assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        assert!(known.iter().any(|known| text[at..].starts_with(known)), "{text}");
    }
}

fn check_attributes<'a>(mut rest: &'a str, ids: &mut Vec<&'a str>, links: &mut Vec<&'a str>) {
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("data-report") {
            rest = after;
            continue;
        }
        let (name, after) = rest.split_once("=\"").expect("a quoted value");
        let (value, after) = after.split_once('"').expect("its closing quote");
        assert!(!value.contains('<'), "{value}");
        assert!(!["src", "onclick", "srcset", "style"].contains(&name), "nothing is loaded or run: {name}");
        match name {
            "id" => ids.push(value),
            "href" if value.is_empty() => {}
            "href" => links.push(value.strip_prefix('#').expect("a link within the page")),
            "aria-labelledby" => links.push(value),
            _ => {}
        }
        rest = after.trim_start();
    }
}

/// The document of a fixed report. `UPDATE_GOLDEN=1` rewrites it: look at it in a browser.
#[test]
fn a_fixed_report_gives_this_page() {
    let own = report();
    let fleet = Report { processes: 5, ..report() };
    let html = page(&own, Some(&fleet), &[]).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    check(&html);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/page.html");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &html).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(path).expect("the golden file is there");
    assert!(html == golden, "another page than tests/golden/page.html; UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn whatever_a_name_or_a_key_holds_is_only_text() {
    let hostile = "</title></style><script>alert(1)</script><img src=x onerror='a()'>\"` &lt;\u{0}\n\u{202e}";
    let key = || hostile.to_owned();
    let function = FunctionReport {
        function: key(),
        misses: 1,
        refusal: Some(key()),
        hottest: vec![HotKey { key: key(), hits: 1, error: 0 }],
        largest: vec![LargeValue { key: key(), bytes: 1 }],
        ..FunctionReport::default()
    };
    let node = NodeStats { address: key(), version: key(), policy: key(), ..NodeStats::default() };
    let mut own = report();
    own.advice.iter_mut().for_each(|advice| advice.text = format!("`{hostile}`: {hostile}"));
    assert!(!own.advice.is_empty());
    own.functions.push(function);
    own.tags[0].tag = key();
    let own = own.with_server(ServerStats::of(vec![node]));
    let missing = [key()];
    let history = [FunctionHistory { function: key(), ..history().remove(0) }];
    let content = PageContent {
        title: hostile,
        report: &own,
        history: &history,
        fleet: None,
        fleet_history: &[],
        missing: &missing,
        every: None,
        forms: Some(Forms { token: "\"'<script>&", prefix: hostile }),
    };
    let html = document(&content);
    check(&html);
    assert!(
        html.matches("<script").count() == 1
            && html.contains("class=\"rate\"")
            && !html.contains("<img")
            && !html.contains('\u{202e}')
    );
}

/// The document that answers a form, too.
#[test]
fn an_answer_is_a_document_without_a_script() {
    for status in [200, 503] {
        let html = answer(status, "At `</p><script>alert(1)</script>\u{202e}` is <nothing>");
        check(&html);
        assert!(!html.contains("<script") && !html.contains('\u{202e}'), "{html}");
        assert_eq!(html.contains("<h1>Invalidated</h1>"), status == 200);
    }
}

#[test]
fn forms_are_there_if_the_program_allows_them() {
    let report = report();
    let content = |forms| PageContent {
        title: "redis-cached",
        report: &report,
        history: &[],
        fleet: None,
        fleet_history: &[],
        missing: &[],
        every: None,
        forms,
    };
    assert!(!document(&content(None)).contains("<form"));
    let html = document(&content(Some(Forms { token: "a \"token\"", prefix: "shop:" })));
    check(&html);
    assert_eq!(html.matches("<form method=\"post\">").count(), 3);
    assert_eq!(html.matches("name=\"token\" value=\"a &quot;token&quot;\"").count(), 3);
    for by in ["tag", "key", "prefix"] {
        assert!(html.contains(&format!("name=\"by\" value=\"{by}\"")), "{by}");
    }
    assert_eq!(html.matches("placeholder=\"shop:…\"").count(), 2);
    // A live page renews `main`, and leaves alone what is being written.
    assert!(html.find("</main>") < html.find("<form"));
}

#[test]
fn a_page_says_what_is_not_there() {
    let nothing = Report::of(secs(1), 1, &[]);
    let html = page(&nothing, None, &["The server’s own figures are missing: it is away".to_owned()]);
    check(&html);
    for text in ["No cached function was called yet", "Nothing, by what has been counted", "it is away"] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("id=\"server\"") && !html.contains("id=\"fleet\""));
}

/// Every table is announced, and each of its headings says what it heads.
#[test]
fn tables_can_be_read_aloud() {
    let html = page(&report(), None, &[]);
    let tables = html.matches("<table").count();
    assert!(tables >= 4);
    assert_eq!(html.matches("<caption>").count(), tables);
    assert_eq!(html.matches("<th ").count(), html.matches("<th scope=").count());
    assert_eq!(html.matches("<th>").count(), 0);
}

/// A browser runs the script and takes the style sheet only if the policy names just these bytes.
#[test]
fn the_policy_names_the_style_sheet_and_the_script() {
    for text in [STYLE, SCRIPT] {
        let source = format!("'sha256-{}'", base64(&hmac_sha256::Hash::hash(text.as_bytes())));
        assert!(POLICY.contains(&source), "{source} is to stand in {POLICY}");
    }
    assert!(!POLICY.contains("unsafe"));
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |number: u32, at: u32| char::from(DIGITS[(number >> (18 - 6 * at) & 63) as usize]);
    let chunks = bytes.chunks(3).map(|chunk| {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let number = byte(0) << 16 | byte(1) << 8 | byte(2);
        (0..4).map(|at| if at as usize <= chunk.len() { digit(number, at) } else { '=' }).collect::<String>()
    });
    chunks.collect()
}
