//! Draws the pictures of docs/pictures.md from runs on a Redis of its own: `cargo run --example pictures -- docs/pictures`.
//!
//! A run takes a tenth of a second. Callers note when they began and ended, the stand-in for a database what it was asked, and Redis itself tells when it ran which command.

mod drawing;
mod recording;
mod runs;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("name the folder for the pictures")?);
    fs::create_dir_all(&folder)?;
    let pictures = [
        ("miss.svg", runs::miss().await?),
        ("invalidation.svg", runs::invalidation().await?),
        ("stampede.svg", runs::stampede().await?),
    ];
    for (name, picture) in pictures {
        let file = folder.join(name);
        fs::write(&file, &picture)?;
        println!("{}: {} bytes", file.display(), picture.len());
    }
    Ok(())
}
