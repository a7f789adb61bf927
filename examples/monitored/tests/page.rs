//! The page in a real browser: what it shows, sorting, and that it is renewed.
//!
//! Without Chromium the document is checked as far as that goes without it.

mod browser;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use browser::Browser;
use redis_cached::{Cache, Page, PageToken, redis_cached};
use redis_cached_monitored::{Shop, router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What somebody would write who wants to be an administrator. In an argument it is percent-encoded, in a cache's prefix it stands as it is.
const HOSTILE: &str = "</td></table></script><script>window.hostile=1</script><img src=x onerror=window.hostile=1>\"'\u{0}\u{1b}[2J\u{202e}";

#[redis_cached(ttl = "1h", key = "search:<text>")]
fn search(text: &str) -> usize {
    text.len()
}

/// The service on a free port.
struct Service {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Service {
    async fn start(cache: &Cache) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let router = router(Shop::new(cache.clone())).merge(with_forms(cache.clone()));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { address, task }
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("the service listens");
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.expect("the service reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the service answers");
        answer
    }
}

fn token() -> PageToken {
    PageToken::new("\"<0123456789abcdef>&'").expect("it is long enough")
}

/// The page with its forms, under the policy that it asks for.
fn with_forms(cache: Cache) -> Router {
    let policy = || [(header::CONTENT_SECURITY_POLICY, Page::CONTENT_SECURITY_POLICY)];
    let show = move |State(cache): State<Cache>| async move {
        (policy(), Html(cache.page().await.allow_invalidation(&token()).to_html()))
    };
    let invalidate = move |State(cache): State<Cache>, form: Bytes| async move {
        (policy(), Html(cache.invalidate_from_page(&token(), &form).await.html))
    };
    Router::new().route("/admin", get(show).post(invalidate)).with_state(cache)
}

/// The names of the functions from above, and their look-ups.
const ROWS: &str = "[...document.querySelectorAll('#process-functions tbody tr')]\
    .map((row) => [row.cells[0].innerText.split('::').pop(), row.cells[3].innerText])";

fn press(heading: &str) -> String {
    format!(
        "[...document.querySelectorAll('#process-functions button')]\
         .find((button) => button.textContent === '{heading}').click()"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_in_a_browser() {
    let cache = Cache::builder()
        .url("memory://")
        .prefix(HOSTILE)
        .track_keys(5)
        .connect_lazy()
        .expect("options that are right");
    cache.sync_scope(|| (0..2).for_each(|_| _ = search(HOSTILE)));
    let service = Service::start(&cache).await;
    for _ in 0..5 {
        service.get("/products/7").await;
    }
    service.get("/stock/1").await;
    let answer = service.get("/cache").await;
    assert!(
        answer.contains(&format!("content-security-policy: {}\r\n", Page::CONTENT_SECURITY_POLICY)),
        "{answer}"
    );
    assert!(!answer.contains("<img") && !answer.contains('\u{202e}'), "{answer}");

    let Some(browser) = Browser::start() else {
        eprintln!("no Chromium: the page was not looked at in a browser");
        return;
    };
    let url = format!("http://{}/cache", service.address);
    let shown = url.clone();
    let mut browser =
        tokio::task::spawn_blocking(move || looked_at(browser, &shown)).await.expect("it is shown");
    assert_eq!(browser.errors, [] as [String; 0]);

    // What is counted from now on is shown without a reload.
    for _ in 0..4 {
        service.get("/products/7").await;
    }
    let mut browser = tokio::task::spawn_blocking(move || {
        renewed(&mut browser);
        browser
    })
    .await
    .expect("it is renewed");
    assert_eq!(browser.errors, [] as [String; 0]);

    let key = cache.sync_scope(|| search_entry(HOSTILE).key().to_owned());
    assert!(cache.inspect(&key).await.expect("it is in memory").is_some());
    let (admin, named) = (format!("http://{}/admin", service.address), key.clone());
    let mut browser = tokio::task::spawn_blocking(move || {
        invalidated(&mut browser, &admin, &named);
        browser.open(&url);
        browser
    })
    .await
    .expect("it is invalidated");
    assert_eq!(browser.errors, [] as [String; 0]);
    assert_eq!(cache.inspect(&key).await.expect("it is in memory"), None);

    service.task.abort();
    let ended = tokio::task::spawn_blocking(move || {
        browser.wait_until("document.querySelector('#live.away') !== null");
        nothing_else_is_run(&mut browser);
    });
    ended.await.expect("it says that it is not renewed");
}

fn looked_at(mut browser: Browser, url: &str) -> Browser {
    browser.open(url);
    assert_eq!(browser.value("document.querySelector('h1').innerText"), "The shop's cache");
    let rows = |browser: &mut Browser| browser.value(ROWS);
    assert_eq!(rows(&mut browser), json!([["search", "2"], ["product", "5"], ["stock", "1"]]));

    browser.value(&press("Look-ups"));
    assert_eq!(rows(&mut browser), json!([["product", "5"], ["search", "2"], ["stock", "1"]]));
    browser.value(&press("Look-ups"));
    assert_eq!(rows(&mut browser), json!([["stock", "1"], ["search", "2"], ["product", "5"]]));
    assert_eq!(browser.value("document.querySelector('[aria-sort=ascending]').innerText"), "Look-ups");

    // The key is shown, escaped, and is nothing but text.
    let named = "[...document.querySelectorAll('details th[scope=row]')].map((key) => key.textContent)";
    let shown = HOSTILE.replace('\0', "\\0").replace('\u{1b}', "\\u{1b}").replace('\u{202e}', "\\u{202e}");
    let keys = browser.value(named);
    assert!(
        keys.as_array().expect("keys").iter().any(|key| key
            .as_str()
            .is_some_and(|key| key.starts_with(&shown) && key.contains("search:%3C%2Ftd%3E"))),
        "{keys}"
    );
    assert_eq!(
        browser.value("[typeof window.hostile, document.images.length, document.scripts.length]"),
        json!(["undefined", 0, 1])
    );

    for width in [360, 1280] {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500 });
        browser.call("Emulation.setDeviceMetricsOverride", &metrics);
        assert_eq!(
            browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
            0,
            "it fits {width}"
        );
    }
    let paper = |browser: &mut Browser, scheme: &str| {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.call("Emulation.setEmulatedMedia", &features);
        browser.value("getComputedStyle(document.body).backgroundColor")
    };
    assert_ne!(paper(&mut browser, "light"), paper(&mut browser, "dark"));
    browser
}

/// The figures are the new ones, and what the reader has done is left as it was.
fn renewed(browser: &mut Browser) {
    browser.value("window.mark = 1; document.querySelector('details').open = true");
    browser.wait_until(&format!(
        "JSON.stringify({ROWS}) === '{}'",
        json!([["stock", "1"], ["search", "2"], ["product", "9"]])
    ));
    browser.wait_until("document.querySelector('details path.rate')?.getAttribute('d').startsWith('M')");
    let kept = browser.value(
        "[window.mark, document.querySelector('details').open, document.querySelector('#live').className]",
    );
    assert_eq!(kept, json!([1, true, ""]));
    assert_eq!(browser.value(&format!("{ROWS}.length")), 3);
    browser.value("document.querySelector('header button').click()");
    assert_eq!(browser.value("document.querySelector('header button').innerText"), "Go on");
    browser.value("document.querySelector('header button').click()");
}

/// The form takes the key as it is, and the answer leads back.
fn invalidated(browser: &mut Browser, url: &str, key: &str) {
    browser.open(url);
    let form = "document.querySelector('input[value=key]').form";
    browser.value(&format!(
        "{form}.elements.name.value = {}; {form}.querySelector('button').click()",
        json!(key)
    ));
    browser.wait_until("document.querySelector('h1')?.innerText === 'Invalidated'");
    let said = browser.value("[document.querySelector('[role=status]').textContent, typeof window.hostile]");
    assert!(said[0].as_str().is_some_and(|said| said.ends_with("is invalidated: an entry.")), "{said}");
    assert_eq!(said[1], "undefined");
    browser.value("document.querySelector('main a').click()");
    browser.wait_until("document.querySelectorAll('form').length === 3");
}

/// Even what is not escaped would not be run.
fn nothing_else_is_run(browser: &mut Browser) {
    browser.value("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.hostile=1><p style=color:red>')");
    std::thread::sleep(Duration::from_millis(200));
    let run: Value = browser.value(
        "[typeof window.hostile, getComputedStyle(document.body.lastChild).color === 'rgb(255, 0, 0)']",
    );
    assert_eq!(run, json!(["undefined", false]));
    assert!(
        browser.errors.iter().any(|error| error.contains("Content Security Policy")),
        "{:?}",
        browser.errors
    );
}
