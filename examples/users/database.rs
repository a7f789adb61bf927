//! Real rows: a SQLite file beside the program, made on the first run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// A row.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    id: u32,
    name: String,
    email: String,
    age: u32,
    city: String,
}

const FIRST_NAMES: [&str; 12] = [
    "Ada",
    "Bjarne",
    "Chinua",
    "Dolores",
    "Edsger",
    "Frida",
    "Grace",
    "Hồ",
    "Ingrid",
    "José",
    "Katherine",
    "Łukasz",
];
const LAST_NAMES: [&str; 11] = [
    "Achebe",
    "Björnsdóttir",
    "Dijkstra",
    "Hopper",
    "Ibárruri",
    "Johnson",
    "Kowalski",
    "Lovelace",
    "Nguyễn",
    "Ochoa",
    "Ünal",
];
const CITIES: [&str; 7] = ["Abuja", "Bergen", "Hà Nội", "Kraków", "Lima", "Reykjavík", "Vancouver"];

/// The row of one id, the same in every run.
fn user(id: u32) -> User {
    // Lengths without a common divisor, so that all combinations occur.
    let pick = |names: &[&'static str]| names[id as usize % names.len()];
    let (first, last) = (pick(&FIRST_NAMES), pick(&LAST_NAMES));
    User {
        id,
        name: format!("{first} {last}"),
        email: format!("user{id}@example.com"),
        age: 18 + id % 70,
        city: pick(&CITIES).to_owned(),
    }
}

/// The database of `rows` users.
pub(crate) fn open(rows: u32) -> Result<Connection, Box<dyn std::error::Error>> {
    let path = path(rows)?;
    let mut db = Connection::open(&path)?;
    db.execute_batch("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, age INTEGER, city TEXT)")?;
    let there: u32 = db.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?;
    if there != rows {
        fill(&mut db, rows)?;
    }
    println!("{} users in {}", HumanCount(rows.into()), path.display());
    Ok(db)
}

/// Beside the program, which is in cargo's target folder.
fn path(rows: u32) -> std::io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(format!("users-{rows}.sqlite")))
}

/// All rows in one transaction, so that an interrupted run leaves none.
fn fill(db: &mut Connection, rows: u32) -> rusqlite::Result<()> {
    let begin = Instant::now();
    let bar = ProgressBar::new(rows.into()).with_style(
        ProgressStyle::with_template(
            "Making the database  {wide_bar} {human_pos} of {human_len} rows, {eta} left",
        )
        .expect("the template is well-formed"),
    );
    bar.enable_steady_tick(Duration::from_millis(100));

    let transaction = db.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?)")?;
        for id in 1..=rows {
            let User { id, name, email, age, city } = user(id);
            insert.execute(params![id, name, email, age, city])?;
            bar.inc(1);
        }
    }
    transaction.commit()?;

    bar.finish_and_clear();
    println!("Made the database in {:.1} s.", begin.elapsed().as_secs_f64());
    Ok(())
}

/// What the cache spares.
pub(crate) fn read_users(db: &Connection) -> rusqlite::Result<Vec<User>> {
    let mut select = db.prepare("SELECT id, name, email, age, city FROM users ORDER BY id")?;
    let rows = select.query_map([], |row| {
        Ok(User {
            id: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            age: row.get(3)?,
            city: row.get(4)?,
        })
    })?;
    rows.collect()
}
