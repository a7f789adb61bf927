//! The dashboard and the alerts, against the service under load.
//!
//! Without Prometheus the panels are checked as far as that goes without it: each metric that they name is exposed. Grafana itself is not run.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use redis_cached::Cache;
use redis_cached_monitored::prometheus::Prometheus;
use redis_cached_monitored::{Shop, load, router};
use redis_cached_test_support::RedisServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What has no data by then is wrong, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

fn dashboards() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dashboards")
}

/// The title of each panel and one of its expressions.
fn expressions() -> Vec<(String, String)> {
    let text = fs::read_to_string(dashboards().join("redis-cached.json")).expect("the dashboard");
    let board: Value = serde_json::from_str(&text).expect("JSON");
    assert!(board.get("id").is_none_or(Value::is_null), "an import gives it one");
    assert_eq!(board["__inputs"][0]["name"], "DS_PROMETHEUS");
    let mut expressions = Vec::new();
    for panel in board["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().expect("targets") {
            assert_eq!(target["datasource"]["uid"], "${DS_PROMETHEUS}");
            let expression = target["expr"].as_str().expect("an expression");
            expressions.push((panel["title"].as_str().expect("a title").to_owned(), expression.to_owned()));
        }
    }
    assert!(expressions.len() >= 12, "{expressions:?}");
    expressions
}

/// The body of an answer.
async fn get(port: u16, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// The metrics that an expression names.
fn metrics(expression: &str) -> BTreeSet<&str> {
    let words = expression.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    words.filter(|word| word.starts_with("redis_cached_") || word.starts_with("db_client_")).collect()
}

/// Asks Prometheus for the last seconds, with the variables of Grafana filled in.
async fn has_data(prometheus: u16, expression: &str) -> Result<bool, String> {
    let query = expression.replace("$__rate_interval", "3s").replace("$function", ".*");
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let path = format!("/api/v1/query_range?query={encoded}&start={}&end={now}&step=1", now - 2.0);
    let Ok(answer) = get(prometheus, &path).await else { return Ok(false) };
    let Ok(answer) = serde_json::from_str::<Value>(&answer) else { return Ok(false) };
    if answer["status"] != "success" {
        return Err(answer["error"].to_string());
    }
    let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    let mut values = series.iter().flat_map(|series| series["values"].as_array().into_iter().flatten());
    Ok(values
        .any(|value| value[1].as_str().is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite))))
}

#[tokio::test]
async fn each_panel_shows_something() {
    let redis = RedisServer::start();
    let cache = Cache::connect(redis.url()).await.expect("a server of our own");
    let shop = Shop::new(cache);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(load::run(shop.clone()));
    tokio::spawn(async move { axum::serve(listener, router(shop)).await });

    let until = Instant::now() + PATIENCE;
    let mut unseen = expressions();
    let prometheus = Prometheus::start(port, 0, "250ms").expect("it starts");
    while !unseen.is_empty() {
        let exposed = get(port, "/metrics").await.expect("the service answers");
        let mut still = Vec::new();
        for (title, expression) in unseen {
            let is_seen = match &prometheus {
                Some(Prometheus { port, .. }) => {
                    has_data(*port, &expression).await.unwrap_or_else(|error| panic!("{title}: {error}"))
                }
                None => metrics(&expression).iter().all(|metric| exposed.contains(metric)),
            };
            if !is_seen {
                still.push((title, expression));
            }
        }
        unseen = still;
        assert!(unseen.is_empty() || Instant::now() < until, "no data: {unseen:#?}\n{exposed}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn the_page_is_served_with_its_json() {
    let shop = Shop::new(Cache::memory());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move { axum::serve(listener, router(shop)).await });
    get(port, "/products/7").await.expect("a product");
    let html = get(port, "/cache").await.expect("the page");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("The shop&#39;s cache"), "{html}");
    let json: Value = serde_json::from_str(&get(port, "/cache.json").await.expect("its JSON")).expect("JSON");
    assert_eq!(json["report"]["functions"][0]["misses"], 1);
    assert_eq!(json["missing"], serde_json::json!([]));
}

#[test]
fn alerts_fire_when_they_should() {
    let text = fs::read_to_string(dashboards().join("alerts.yml")).expect("the alerts");
    let tests = fs::read_to_string(dashboards().join("alerts.test.yml")).expect("their tests");
    for alert in text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
    }
    // Whoever has no promtool has checked that there are tests.
    let Ok(output) = Command::new("promtool")
        .args(["test", "rules", "alerts.test.yml"])
        .current_dir(dashboards())
        .output()
    else {
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
