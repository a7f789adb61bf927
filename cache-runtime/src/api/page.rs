//! A page for people: the report, the last minutes, the fleet and the server, as HTML and as JSON.

mod invalidation;
mod token;

use std::time::Duration;

use super::cache::Cache;
use crate::error::Error;
use crate::report::analysis::Report;
use crate::report::history::FunctionHistory;
use crate::report::page::{Forms, POLICY, PageContent, document};
use crate::util::serialize_fields::serialize_fields;

pub use invalidation::PageAnswer;
pub use token::PageToken;

/// A page is not renewed more often than this.
const SHORTEST: Duration = Duration::from_secs(1);

/// The report of a cache as a page: from [`Cache::page`]. Needs the cargo feature `page`.
#[derive(Debug, Clone)]
pub struct Page {
    data: Data,
    every: Option<Duration>,
    token: Option<PageToken>,
    /// Of the cache.
    prefix: String,
}

/// What is in the JSON.
#[derive(Debug, Clone)]
struct Data {
    title: String,
    report: Report,
    history: Vec<FunctionHistory>,
    /// With the server's own figures; `None` where no other process publishes.
    fleet: Option<Report>,
    fleet_history: Vec<FunctionHistory>,
    missing: Vec<String>,
}

serialize_fields!(Data { title, report, history, fleet, fleet_history, missing });

impl Cache {
    /// A page that shows what the cache does: hit rates now and over the last 15 minutes, what misses were for, time saved, the advice of [`report`](Self::report), the other processes of the
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
    /// **The last minutes** are sampled by whoever asks for the page, and by [`publish_stats`](crate::CacheBuilder::publish_stats), at most every four seconds: nothing is added to a
    /// call. So the lines begin with the first look at the page, or with the program if it publishes. They take 2 KiB for each function.
    ///
    /// Two round trips, in a cluster three. A request that is not answered within the
    /// [deadline](crate::CacheBuilder::deadline) is named on the page, which then has what this process has counted: there is always a page.
    pub async fn page(&self) -> Page {
        let mut missing = Vec::new();
        let server =
            obtained(self.server_stats().await, "The server's own figures are missing", &mut missing);
        let fleet = obtained(self.fleet().await, "The figures of other processes are missing", &mut missing);
        let report = self.report();
        let fleet = fleet.filter(|fleet| fleet.processes > 1);
        let history = self.0.recent(&report);
        let fleet_history = fleet.as_ref().map(|fleet| self.0.recent_of_fleet(fleet)).unwrap_or_default();
        let with_server = |report: Report| match &server {
            Some(server) => report.with_server(server.clone()),
            None => report,
        };
        let (report, fleet) = (with_server(report), fleet.map(with_server));
        let title = "redis-cached".to_owned();
        let data = Data { title, report, history, fleet, fleet_history, missing };
        Page { data, every: None, token: None, prefix: self.0.prefix.clone() }
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

    /// A header `Content-Security-Policy` for [`to_html`](Self::to_html): the document's own style sheet and script, which are named by their hash, requests to where the
    /// document is from, and nothing else; in no frame. Nothing that a name or a key could hold is run or loaded, even if it were not escaped.
    pub const CONTENT_SECURITY_POLICY: &str = POLICY;

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
        self.data.title = title.into();
        self
    }

    /// Renews what the page shows every `interval`, at least a second, while it is looked at. Default: it stays as it is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let cache = Cache::memory();
    /// let html = cache.page().await.live(Duration::from_secs(5)).to_html();
    /// assert!(html.contains("data-every=\"5000\""));
    /// # }
    /// ```
    ///
    /// The document's script asks its own address again, with the reader's cookies: the program needs no other route, and its login stays the only one. Sorting, scrolling and
    /// what is unfolded stay. A page in the background does not ask, and after an error, which it shows, it tries again.
    #[must_use]
    pub fn live(mut self, interval: Duration) -> Self {
        self.every = Some(interval.max(SHORTEST));
        self
    }

    /// Adds forms by which a reader invalidates by tag, by key and by the beginning of keys. Default: none, and the page changes nothing.
    ///
    /// ```
    /// # use redis_cached::{Cache, PageToken};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # let cache = Cache::memory();
    /// let token = PageToken::new("c0ffee5bad0a4b7f9d31e2a86f5c7d10")?;
    /// let html = cache.page().await.allow_invalidation(&token).to_html();
    /// assert!(html.contains("<form method=\"post\">"));
    /// # Ok(()) }
    /// ```
    ///
    /// A form is sent to the page's own address by `POST`; the program gives its body to [`Cache::invalidate_from_page`], with the same token. To look at the page changes nothing even so.
    #[must_use]
    pub fn allow_invalidation(mut self, token: &PageToken) -> Self {
        self.token = Some(token.clone());
        self
    }

    /// One HTML document, which loads nothing from elsewhere. Its script sorts the tables and renews a [`live`](Self::live) page; without it all is there to be read. It follows
    /// the reader's choice of light or dark. All names and keys in it are escaped.
    #[must_use]
    pub fn to_html(&self) -> String {
        let Data { title, report, history, fleet, fleet_history, missing } = &self.data;
        let (fleet, every) = (fleet.as_ref(), self.every);
        let forms = self.token.as_ref().map(|token| Forms { token: token.text(), prefix: &self.prefix });
        document(&PageContent { title, report, history, fleet, fleet_history, missing, every, forms })
    }

    /// The same as JSON: `title`; `report`, a [`Report`](crate::Report) with its `server`; `history`, for each `function` its `points`, with the `hits` and `misses` of some `seconds`,
    /// which ended so many seconds `ago`; `fleet`, the report of all processes, or `null` if no other process [publishes](crate::CacheBuilder::publish_stats), and `fleet_history`;
    /// and `missing`, sentences on what could not be obtained. Durations are objects of `secs` and `nanos`.
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
        serde_json::to_string(&self.data).unwrap_or_default()
    }
}
