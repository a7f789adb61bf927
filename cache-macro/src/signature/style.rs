//! How a function gives its result: at once, as an `async fn`, or in a boxed future.

use syn::{ReturnType, Signature, Type, TypeParamBound};

use super::types::{associated_type, bare, last_segment, type_arguments};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Async,
    Blocking,
    /// A plain function that returns `Pin<Box<dyn Future>>`: what `#[async_trait]` has made of an `async fn`.
    BoxedFuture,
}

impl Style {
    /// The style, and the type that the body, or the future that it makes, results in: `None` where none is written.
    pub(crate) fn of(signature: &Signature) -> (Self, Option<&Type>) {
        let written = match &signature.output {
            ReturnType::Type(_, ty) => Some(&**ty),
            ReturnType::Default => None,
        };
        match (signature.asyncness, written.and_then(boxed_output)) {
            (Some(_), _) => (Self::Async, written),
            (None, Some(output)) => (Self::BoxedFuture, Some(output)),
            (None, None) => (Self::Blocking, written),
        }
    }
}

/// `R` of `Pin<Box<dyn Future<Output = R> + …>>`.
fn boxed_output(ty: &Type) -> Option<&Type> {
    let Type::TraitObject(object) = bare(only_argument(only_argument(ty, "Pin")?, "Box")?) else {
        return None;
    };
    object.bounds.iter().find_map(future_output)
}

/// `R` of `Future<Output = R>`.
pub(crate) fn future_output(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    let future = bound.path.segments.last().filter(|segment| segment.ident == "Future")?;
    associated_type(future, "Output")
}

fn only_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    match type_arguments(segment)[..] {
        [argument] => Some(argument),
        _ => None,
    }
}

/// `BoxFuture<'_, T>` and its like.
pub(crate) fn is_named_future(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident.to_string().ends_with("Future"))
}
