//! Pictures of the page for the documentation, of the shop under load: `scripts/page-pictures`.

mod browser;

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use browser::Browser;
use redis_cached::Cache;
use redis_cached_monitored::{Shop, load, router};
use redis_cached_test_support::RedisServer;
use serde_json::json;
use tokio::net::TcpListener;

/// The most bytes of a picture: they are in the repository for ever.
const MOST_BYTES: usize = 60 * 1024;

struct Picture {
    file: &'static str,
    scheme: &'static str,
    width: u32,
    height: u32,
    /// What is to be seen.
    prepare: &'static str,
}

const PICTURES: [Picture; 2] = [
    Picture { file: "page.webp", scheme: "light", width: 1240, height: 1000, prepare: "" },
    Picture {
        file: "page-phone.webp",
        scheme: "dark",
        width: 390,
        height: 780,
        prepare: "document.querySelector('details').open = true; document.querySelector('details').scrollIntoView()",
    },
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes files, and takes minutes: run by scripts/page-pictures"]
async fn pictures_of_the_page() {
    let seconds = env::var("PICTURED_SECONDS").map_or(900, |text| text.parse().expect("seconds"));
    let redis = RedisServer::start();
    let builder = Cache::builder().url(redis.url()).prefix("shop:").publish_stats(Duration::from_secs(5));
    let shop = Shop::new(builder.connect().await.expect("a server of our own"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/cache", listener.local_addr().expect("its address"));
    tokio::spawn(load::run(shop.clone()));
    tokio::spawn(async move { axum::serve(listener, router(shop)).await });
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    tokio::task::spawn_blocking(move || PICTURES.iter().for_each(|picture| take(picture, &url)))
        .await
        .expect("they are taken");
}

fn take(picture: &Picture, url: &str) {
    let Picture { file, scheme, width, height, prepare } = picture;
    let mut browser = Browser::start().expect("Chromium");
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": *width < 500 });
    browser.call("Emulation.setDeviceMetricsOverride", &metrics);
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.call("Emulation.setEmulatedMedia", &features);
    browser.open(url);
    browser.wait_until("document.querySelector('#live').textContent !== ''");
    browser.value(prepare);
    let format = json!({ "format": "webp", "quality": 70 });
    let taken = browser.call("Page.captureScreenshot", &format);
    let bytes = from_base64(taken["data"].as_str().expect("a picture"));
    assert!(bytes.len() <= MOST_BYTES, "{file} has {} bytes", bytes.len());
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(file), bytes).expect("it is written");
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').collect();
    let bytes = digits.chunks(4).flat_map(|chunk| {
        let number = (0..4).fold(0, |number, at| number << 6 | chunk.get(at).map_or(0, |byte| digit(*byte)));
        number.to_be_bytes()[1..chunk.len()].to_vec()
    });
    bytes.collect()
}
