//! `doctor`: what of a server does not suit a cache.
//!
//! `facts` asks, `checks` judges what was answered and asks nothing, `page` prints.

mod checks;
mod facts;
mod finding;
mod page;
mod rights;

use crate::Outcome;
use crate::args::Doctor;
use crate::connect::{connect_to_what_is_there, url};
use crate::failure::Failure;
use finding::Severity;

pub(crate) async fn run(arguments: &Doctor) -> Result<Outcome, Failure> {
    let url = url(&arguments.server)?;
    let server = &arguments.server;
    let (cache, flaw) = connect_to_what_is_there(server, &server.cache_prefix).await?;
    let facts = facts::gather(&cache, &url, &arguments.server.cache_prefix).await?;
    let mut findings = checks::all(&facts);
    if let Some(flaw) = flaw {
        findings.insert(0, checks::not_whole(&flaw));
    }
    let code = match findings.iter().map(|finding| finding.severity).max() {
        None | Some(Severity::Note) => 0,
        Some(Severity::Warning) => 1,
        Some(Severity::Problem) => 2,
    };
    let text = if arguments.json { page::json(&facts, &findings) } else { page::text(&facts, &findings) };
    Ok(Outcome { text, code })
}
