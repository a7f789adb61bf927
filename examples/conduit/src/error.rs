//! What is answered in place of a result. None of it is an error of the cache: there are none.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub(crate) type Answer = Result<Json<serde_json::Value>, Failure>;

#[derive(Debug)]
pub(crate) enum Failure {
    Unauthorized,
    Forbidden,
    NotFound,
    /// A sentence for the user.
    Invalid(&'static str),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => {
                Self::Invalid("is taken already")
            }
            _ => Self::Database(error),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Invalid(why) => {
                let errors = json!({ "errors": { "body": [why] } });
                (StatusCode::UNPROCESSABLE_ENTITY, Json(errors)).into_response()
            }
            Self::Database(error) => {
                eprintln!("{error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
