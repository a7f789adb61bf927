//! Who is asking: a token is a user's number and its signature, so it is checked without asking anybody.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use hmac_sha256::HMAC;

use crate::App;
use crate::error::Failure;

/// The user who is asking, where somebody has to be.
pub(crate) struct Login(pub(crate) i64);

/// The user who is asking, if there is one.
pub(crate) struct OptionalLogin(pub(crate) Option<i64>);

pub(crate) fn token(app: &App, user: i64) -> String {
    let signature = HMAC::mac(user.to_string(), &app.secret);
    let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{user}.{digits}")
}

fn user_of(app: &App, parts: &Parts) -> Option<i64> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let given = header.strip_prefix("Token ")?;
    let user = given.split_once('.')?.0.parse().ok()?;
    is_equal(given.as_bytes(), token(app, user).as_bytes()).then_some(user)
}

/// In a time that does not tell where they differ.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |seen, (left, right)| seen | (left ^ right)) == 0
}

impl FromRequestParts<App> for Login {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        user_of(app, parts).map(Self).ok_or(Failure::Unauthorized)
    }
}

impl FromRequestParts<App> for OptionalLogin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        Ok(Self(user_of(app, parts)))
    }
}
