//! A page for people: the report, the fleet and the server, as HTML and as JSON.

use super::cache::Cache;
use crate::error::Error;
use crate::report::analysis::Report;
use crate::report::page::{PageContent, document};
use crate::util::serialize_fields::serialize_fields;

/// The report of a cache as a page: from [`Cache::page`]. Needs the cargo feature `page`.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    report: Report,
    /// With the server's own figures; `None` where no other process publishes.
    fleet: Option<Report>,
    missing: Vec<String>,
}

serialize_fields!(Page { title, report, fleet, missing });

impl Cache {
    /// A page that shows what the cache does: hit rates, what misses were for, time saved, the advice of [`report`](Self::report), the other processes of the
    /// [fleet](Self::fleet), and [what the server says of itself](Self::server_stats). Needs the cargo feature `page`.
    ///
    /// ```
    /// # use redis_cached::{Cache, Page};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let cache = Cache::memory();
    /// let page = cache.page().await;
    /// assert!(page.to_html().starts_with("<!DOCTYPE html>"));
    /// # }
    /// ```
    ///
    /// Serve it behind the program's own login: it names functions, and with [`track_keys`](crate::CacheBuilder::track_keys) keys. The page on the report shows how.
    ///
    /// Two round trips, in a cluster three. A request that is not answered within the
    /// [deadline](crate::CacheBuilder::deadline) is named on the page, which then has what this process has counted: there is always a page.
    pub async fn page(&self) -> Page {
        let mut missing = Vec::new();
        let server =
            obtained(self.server_stats().await, "The server's own figures are missing", &mut missing);
        let fleet = obtained(self.fleet().await, "The figures of other processes are missing", &mut missing);
        let with_server = |report: Report| match &server {
            Some(server) => report.with_server(server.clone()),
            None => report,
        };
        Page {
            title: "redis-cached".to_owned(),
            report: with_server(self.report()),
            fleet: fleet.filter(|fleet| fleet.processes > 1).map(with_server),
            missing,
        }
    }
}

fn obtained<T>(result: Result<T, Error>, what: &str, missing: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| missing.push(format!("{what}: {error}"))).ok()
}

impl Page {
    /// The content type of [`to_html`](Self::to_html), for the answer's header.
    pub const HTML_CONTENT_TYPE: &str = "text/html; charset=utf-8";

    /// The content type of [`to_json`](Self::to_json), for the answer's header.
    pub const JSON_CONTENT_TYPE: &str = "application/json";

    /// A header `Content-Security-Policy` for [`to_html`](Self::to_html): nothing but the document's own style sheet, and in no frame. The document has no script.
    pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// Another title than `redis-cached`: for a program with several caches.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let users = Cache::memory();
    /// let html = users.page().await.title("Users & groups").to_html();
    /// assert!(html.contains("<h1>Users &amp; groups</h1>"));
    /// # }
    /// ```
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// One HTML document, which loads nothing from elsewhere and has no script. It follows the reader's choice of light or dark. All names and keys in it are escaped.
    #[must_use]
    pub fn to_html(&self) -> String {
        let Self { title, report, fleet, missing } = self;
        document(&PageContent { title, report, fleet: fleet.as_ref(), missing })
    }

    /// The same as JSON: `title`; `report`, a [`Report`](crate::Report) with its `server`; `fleet`, the same of all processes, or `null` if no other process
    /// [publishes](crate::CacheBuilder::publish_stats); and `missing`, sentences on what could not be obtained. Durations are objects of `secs` and `nanos`.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let cache = Cache::memory();
    /// assert!(cache.page().await.to_json().starts_with("{\"title\":\"redis-cached\",\"report\":{"));
    /// # }
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        // Infallible: names of fields are the only keys, and it is written to a string.
        serde_json::to_string(self).unwrap_or_default()
    }
}
