//! The page in the terminal, once a second, until somebody presses q.

use std::io::Write as _;
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{event, execute, queue};
use redis_cached::Cache;

use super::page::{COLUMNS, Order, lines};
use super::snapshot::Snapshot;
use crate::failure::Failure;

/// How often the fleet is asked.
const INTERVAL: Duration = Duration::from_secs(1);
const HELP: &str = "q quit   s, left, right: sort by   r: reverse";

/// The terminal as it is wanted here. It is as it was once this is dropped, also by a panic.
struct Terminal;

impl Terminal {
    fn enter() -> std::io::Result<Self> {
        enable_raw_mode()?;
        let terminal = Self;
        execute!(std::io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(terminal)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        _ = execute!(std::io::stdout(), Show, LeaveAlternateScreen);
        _ = disable_raw_mode();
    }
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Quit,
    Redraw,
    Wait,
}

pub(super) async fn show(cache: &Cache, prefix: &str, mut order: Order) -> Result<(), Failure> {
    let (mut before, mut now) = (None, Snapshot::take(cache).await?);
    let no_terminal =
        |error: std::io::Error| Failure::new(format!("the terminal cannot be used: {error}"), "--once");
    let _terminal = Terminal::enter().map_err(no_terminal)?;
    let mut failure = None;
    loop {
        let mut page = lines(prefix, &now, before.as_ref(), order);
        // The latest figures stay, so that an outage of the server does not end what watches it.
        page.extend(failure.iter().map(|failure: &Failure| failure.to_string()));
        draw(&page).map_err(no_terminal)?;
        loop {
            match next(&mut order).await.map_err(no_terminal)? {
                Next::Quit => return Ok(()),
                Next::Redraw => break,
                Next::Wait if now.at.elapsed() >= INTERVAL => {
                    match Snapshot::take(cache).await {
                        Ok(taken) => {
                            before = Some(std::mem::replace(&mut now, taken));
                            failure = None;
                        }
                        Err(error) => failure = Some(error),
                    }
                    break;
                }
                Next::Wait => {}
            }
        }
    }
}

/// Waits for a key for a moment, while the cache's tasks run on.
async fn next(order: &mut Order) -> std::io::Result<Next> {
    if !event::poll(Duration::ZERO)? {
        tokio::time::sleep(Duration::from_millis(50)).await;
        return Ok(Next::Wait);
    }
    Ok(match event::read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(key, order),
        Event::Resize(..) => Next::Redraw,
        _ => Next::Wait,
    })
}

fn pressed(key: KeyEvent, order: &mut Order) -> Next {
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return Next::Quit,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Next::Quit,
        KeyCode::Char('r') => order.is_reversed = !order.is_reversed,
        KeyCode::Char('s') | KeyCode::Right => order.column = neighbour(*order, 1),
        KeyCode::Left => order.column = neighbour(*order, COLUMNS.len() - 1),
        _ => return Next::Wait,
    }
    Next::Redraw
}

/// The column so many further to the right, around the end.
fn neighbour(order: Order, steps: usize) -> crate::args::Column {
    let at = COLUMNS.iter().position(|(column, _)| *column == order.column).unwrap_or(0);
    COLUMNS[(at + steps) % COLUMNS.len()].0
}

/// As much of the page as there is room for, and a line of help below it.
fn draw(page: &[String]) -> std::io::Result<()> {
    let (width, height) = size()?;
    let mut out = std::io::stdout().lock();
    queue!(out, MoveTo(0, 0))?;
    for line in page.iter().take(usize::from(height).saturating_sub(1)) {
        let line: String = line.chars().take(width.into()).collect();
        queue!(out, Clear(ClearType::CurrentLine))?;
        write!(out, "{line}\r\n")?;
    }
    queue!(
        out,
        Clear(ClearType::FromCursorDown),
        MoveTo(0, height.saturating_sub(1)),
        SetAttribute(Attribute::Dim)
    )?;
    write!(out, "{}", HELP.chars().take(width.into()).collect::<String>())?;
    queue!(out, SetAttribute(Attribute::Reset))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Column;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn keys_choose_the_order_and_quit() {
        let mut order = Order { column: Column::Function, is_reversed: false };
        assert_eq!(pressed(key(KeyCode::Left), &mut order), Next::Redraw);
        assert_eq!(order.column, Column::Bytes);
        pressed(key(KeyCode::Char('s')), &mut order);
        pressed(key(KeyCode::Right), &mut order);
        pressed(key(KeyCode::Char('r')), &mut order);
        assert_eq!(order, Order { column: Column::Lookups, is_reversed: true });
        assert_eq!(pressed(key(KeyCode::Char('x')), &mut order), Next::Wait);
        assert_eq!(pressed(key(KeyCode::Char('q')), &mut order), Next::Quit);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(pressed(interrupt, &mut order), Next::Quit);
    }
}
