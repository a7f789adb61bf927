//! `invalidate`: removals by the library's own protocol.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use redis_cached::{Cache, Inspection, KeyContent};

use crate::Outcome;
use crate::args::Invalidate;
use crate::connect::connect;
use crate::failure::Failure;
use crate::own_keys::{ALL, TAG};
use crate::servers::addresses;
use crate::text::shown;
use crate::units::{bytes, counted};

/// How the command ends where the question was not answered with yes.
const DECLINED: u8 = 1;

pub(crate) async fn run(arguments: &Invalidate) -> Result<Outcome, Failure> {
    let keys = keys(arguments)?;
    // Keys and prefixes are whole; only tags are under the cache's prefix.
    let cache_prefix = arguments.server.cache_prefix.clone();
    let mut work = Work {
        whole: connect(&arguments.server, "").await?,
        prefixed: connect(&arguments.server, &cache_prefix).await?,
        cache_prefix,
        text: String::new(),
        is_dry: arguments.dry_run,
    };
    if !arguments.dry_run && !arguments.yes && !work.is_confirmed(arguments).await? {
        return Ok(Outcome { text: "nothing was invalidated\n".to_owned(), code: DECLINED });
    }
    for key in keys {
        work.key(key).await?;
    }
    for tag in &arguments.tags {
        work.tag(tag).await?;
    }
    if arguments.all {
        work.all().await?;
    }
    for prefix in &arguments.prefixes {
        work.prefix(prefix).await?;
    }
    Ok(Outcome { text: work.text, code: 0 })
}

/// The keys as the library takes them. Checked before anything is removed.
fn keys(arguments: &Invalidate) -> Result<Vec<&str>, Failure> {
    if arguments.keys.is_empty()
        && arguments.tags.is_empty()
        && arguments.prefixes.is_empty()
        && !arguments.all
    {
        return Err(Failure::new("nothing to invalidate was named", "write --key, --tag, --prefix or --all"));
    }
    if arguments.tags.iter().any(String::is_empty) {
        return Err(Failure::new(
            "the name of a tag is empty",
            "write it as the program does: --tag city:rome",
        ));
    }
    if arguments.prefixes.iter().any(String::is_empty) {
        return Err(Failure::new(
            "an empty prefix would remove every key of the database",
            "FLUSHDB does that; --all invalidates a cache that supports it",
        ));
    }
    let text = |key: &std::ffi::OsString| -> Result<(), Failure> {
        match key.to_str() {
            Some(key) if key.contains('\u{1}') => Err(Failure::new(
                format!("{} is a key of the library's own", shown(key.as_bytes())),
                "--tag and --all invalidate tags as programs do",
            )),
            Some(_) => Ok(()),
            None => Err(Failure::new(
                format!("{} is no UTF-8, as the keys of all entries are", shown(key.as_encoded_bytes())),
                "redis-cli removes what is no entry",
            )),
        }
    };
    arguments.keys.iter().try_for_each(text)?;
    Ok(arguments.keys.iter().filter_map(|key| key.to_str()).collect())
}

struct Work {
    whole: Cache,
    prefixed: Cache,
    /// The prefix of the latter.
    cache_prefix: String,
    /// What was done.
    text: String,
    is_dry: bool,
}

impl Work {
    /// Asks before many keys are removed, or a whole cache is invalidated: on a terminal, where somebody can answer.
    async fn is_confirmed(&self, arguments: &Invalidate) -> Result<bool, Failure> {
        if arguments.prefixes.is_empty() && !arguments.all {
            return Ok(true);
        }
        let mut what = Vec::new();
        for prefix in &arguments.prefixes {
            let keys = self.keys_beginning(prefix).await?;
            if keys == 0 {
                continue;
            }
            what.push(format!("all {} that begin with {}", counted(keys, "key"), shown(prefix.as_bytes())));
        }
        if arguments.all {
            let prefix = shown(arguments.server.cache_prefix.as_bytes());
            what.push(format!("all entries of the cache with the prefix \"{prefix}\""));
        }
        if what.is_empty() {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::new(
                format!("this would remove {}, and nobody is there to be asked", what.join(", and ")),
                "write --yes, or see with --dry-run what would go",
            ));
        }
        let servers = addresses(&self.whole.ask_servers(&[b"PING"]).await?);
        eprint!("Remove {} at {servers}? [y/N] ", what.join(", and "));
        _ = std::io::stderr().flush();
        let mut answer = String::new();
        _ = std::io::stdin().read_line(&mut answer);
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn note(&mut self, done: &str, would: &str, what: &str) {
        let verb = if self.is_dry { would } else { done };
        _ = writeln!(self.text, "{verb} {what}");
    }

    async fn key(&mut self, key: &str) -> Result<(), Failure> {
        let entry = self.whole.entry::<()>(key).never_expires();
        // Behind it is the bucket of this entry's own type.
        if entry.key().split('\u{1}').next() != Some(key) {
            return Err(Failure::new(
                format!("{} is longer than the keys of entries are", shown(key.as_bytes())),
                "a longer key ends with a hash: `entry.key()` in the program tells it",
            ));
        }
        let found = self.whole.inspect(key).await?;
        if found.as_ref().is_some_and(|found| found.content == KeyContent::Tombstone) {
            // Without it values would be stored again that are computed from older data.
            _ = writeln!(
                self.text,
                "left {}: a tombstone of an invalidation that is in force",
                shown(key.as_bytes())
            );
            return Ok(());
        }
        if !self.is_dry {
            entry.invalidate().await?;
        }
        let what = found.map_or_else(|| "nothing was there".to_owned(), |found| named(&found));
        self.note("invalidated", "would invalidate", &format!("{}: {what}", shown(key.as_bytes())));
        Ok(())
    }

    async fn tag(&mut self, name: &str) -> Result<(), Failure> {
        let key = format!("{}{TAG}{name}", self.cache_prefix);
        let is_there = self.whole.inspect(&key).await?.is_some();
        if !self.is_dry {
            self.prefixed.invalidate_tag(name).await?;
        }
        let name = shown(name.as_bytes());
        let what = match is_there {
            true => format!("the tag {name}: all entries that had it"),
            false => format!(
                "the tag {name}, which no entry has under the prefix \"{}\"",
                shown(self.cache_prefix.as_bytes())
            ),
        };
        self.note("invalidated", "would invalidate", &what);
        Ok(())
    }

    async fn all(&mut self) -> Result<(), Failure> {
        let key = format!("{}{ALL}", self.cache_prefix);
        let is_there = self.whole.inspect(&key).await?.is_some();
        let prefix = shown(self.cache_prefix.as_bytes());
        if !is_there {
            return Err(Failure::new(
                format!(
                    "no cache with the prefix \"{prefix}\" has entries that can be invalidated as a whole"
                ),
                "its programs call `support_invalidate_all`; --cache-prefix names another cache; --prefix removes keys",
            ));
        }
        if !self.is_dry {
            self.prefixed.invalidate_all().await?;
        }
        self.note(
            "invalidated",
            "would invalidate",
            &format!("all entries of the cache with the prefix \"{prefix}\""),
        );
        Ok(())
    }

    async fn prefix(&mut self, prefix: &str) -> Result<(), Failure> {
        let keys = match self.is_dry {
            true => self.keys_beginning(prefix).await?,
            false => self.whole.invalidate_prefix(prefix).await?,
        };
        let what = format!(
            "{} that {} with {}",
            counted(keys, "key"),
            if keys == 1 { "begins" } else { "begin" },
            shown(prefix.as_bytes())
        );
        self.note("removed", "would remove", &what);
        Ok(())
    }

    /// How many keys begin so; one that is met twice counts twice.
    async fn keys_beginning(&self, prefix: &str) -> Result<u64, Failure> {
        let mut number = 0;
        let count = |keys: Vec<Vec<u8>>| {
            number += keys.len() as u64;
            true
        };
        self.whole.each_key(prefix, count).await?;
        Ok(number)
    }
}

fn named(found: &Inspection) -> String {
    match &found.content {
        KeyContent::Entry(_) => format!("an entry of {}", bytes(found.bytes)),
        KeyContent::Lease => "a lease, so what is being computed is not stored".to_owned(),
        KeyContent::Damaged | KeyContent::OtherVersion(_) | KeyContent::OtherCompression(_) => {
            format!("an entry of {} that this command cannot read", bytes(found.bytes))
        }
        _ => "something that is no entry".to_owned(),
    }
}
