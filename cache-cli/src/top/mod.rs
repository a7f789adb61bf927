//! `top`: what the processes of a fleet count, and their server.
//!
//! `snapshot` asks, `page` makes lines of what was answered and of what was before, `screen` shows them and reads keys.

mod page;
mod screen;
mod snapshot;

use std::io::IsTerminal as _;

use crate::Outcome;
use crate::args::Top;
use crate::connect::connect;
use crate::failure::Failure;
use page::{Order, lines};
use snapshot::Snapshot;

pub(crate) async fn run(arguments: &Top) -> Result<Outcome, Failure> {
    let prefix = &arguments.server.cache_prefix;
    let cache = connect(&arguments.server, prefix).await?;
    let order = Order { column: arguments.sort, is_reversed: false };
    if arguments.once {
        let now = Snapshot::take(&cache).await?;
        let text: String = lines(prefix, &now, None, order).iter().map(|line| format!("{line}\n")).collect();
        return Ok(Outcome { text, code: 0 });
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failure::new("the output is no terminal", "write --once for plain text"));
    }
    screen::show(&cache, prefix, order).await?;
    Ok(Outcome { text: String::new(), code: 0 })
}
