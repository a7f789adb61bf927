//! Spans of the crate `tracing` around what takes time; without the cargo feature, nothing.
//!
//! Names of fields are those of OpenTelemetry where it has one, so that `tracing-opentelemetry` shows a request to Redis as what it is. No field is a key, a
//! value or an argument. Spans have the level DEBUG, which most programs switch on by target; while nobody wants it, a span costs one load. Only what every
//! hit would have is TRACE: many hits share one request to Redis, so a span of its own would cost more than the request does.

#[cfg(feature = "tracing")]
pub(crate) use on::{Span, are_lookups_on, callers, instrument};

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{Span, callers, instrument};

#[cfg(feature = "tracing")]
mod on {
    use tracing::field::Empty;
    use tracing::{Instrument as _, Level, debug_span, level_enabled, span};

    use crate::util::function_id::FunctionId;

    /// Whether a subscriber may want spans of this library. One load, so that a hit costs the same while none does.
    #[inline]
    fn is_on() -> bool {
        level_enabled!(Level::DEBUG)
    }

    /// Whether a subscriber may want [`Span::lookup`].
    #[inline]
    pub(crate) fn are_lookups_on() -> bool {
        level_enabled!(Level::TRACE)
    }

    /// A span, which ends when it is dropped.
    #[derive(Debug, Clone)]
    pub(crate) struct Span(tracing::Span);

    /// A span about a function. `tracing` has a name as a literal only, and its static data at each place.
    macro_rules! of_function {
        ($level:ident, $name:literal, $function:expr $(, $field:tt)*) => {
            Span(span!(
                target: "redis_cached",
                Level::$level,
                $name,
                otel.name = $name,
                code.function.name = %format_args!("{}::{}", $function.module, $function.name),
                $(cache.$field = Empty,)*
            ))
        };
    }

    impl Span {
        /// A request to Redis, of so many commands or keys.
        #[inline]
        pub(crate) fn request(operation: &'static str, batch: impl FnOnce() -> usize) -> Self {
            if is_on() { Self::of_request(operation, batch()) } else { Self(tracing::Span::none()) }
        }

        #[inline(never)]
        fn of_request(operation: &'static str, batch: usize) -> Self {
            let span = debug_span!(
                target: "redis_cached",
                "redis.request",
                otel.name = operation,
                otel.kind = "client",
                otel.status_code = Empty,
                db.system.name = "redis",
                db.operation.name = operation,
                db.operation.batch.size = Empty,
                error.type = Empty,
            );
            // OpenTelemetry leaves it out where it is one.
            if batch > 1 {
                span.record("db.operation.batch.size", batch);
            }
            Self(span)
        }

        /// A look-up that goes beyond this process, until there is a value, or the right to compute.
        pub(crate) fn lookup(function: &FunctionId) -> Self {
            of_function!(TRACE, "cache.get", function, hit)
        }

        pub(crate) fn found(&self, is_hit: bool) {
            self.0.record("cache.hit", is_hit);
        }

        /// A wait for another caller's computation.
        pub(crate) fn wait(function: &FunctionId) -> Self {
            of_function!(DEBUG, "cache.wait", function)
        }

        /// The function's own body.
        pub(crate) fn compute(function: &FunctionId) -> Self {
            of_function!(DEBUG, "cache.compute", function)
        }

        /// A refresh in the background. It outlives the span of its caller, so that is no parent but a link.
        pub(crate) fn refresh() -> Self {
            let span = debug_span!(target: "redis_cached", parent: None, "cache.refresh", otel.name = "cache.refresh");
            span.follows_from(tracing::Span::current());
            Self(span)
        }

        /// What the span is around has failed for this reason.
        pub(crate) fn failed(&self, reason: &'static str) {
            self.0.record("error.type", reason);
            self.0.record("otel.status_code", "error");
        }

        pub(crate) fn within<R>(&self, work: impl FnOnce() -> R) -> R {
            self.0.in_scope(work)
        }
    }

    /// The span that the caller is in.
    pub(crate) fn callers() -> Span {
        Span(if is_on() { tracing::Span::current() } else { tracing::Span::none() })
    }

    /// The future, within the span whenever it is polled.
    pub(crate) fn instrument<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
        future.instrument(span.0)
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::util::function_id::FunctionId;

    #[derive(Debug)]
    pub(crate) struct Span;

    impl Span {
        #[inline]
        pub(crate) fn request(_: &'static str, _: impl FnOnce() -> usize) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn wait(_: &FunctionId) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn refresh() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn failed(&self, _: &'static str) {}

        #[inline]
        pub(crate) fn within<R>(&self, work: impl FnOnce() -> R) -> R {
            work()
        }
    }

    #[inline]
    pub(crate) fn callers() -> Span {
        Span
    }

    #[inline]
    pub(crate) fn instrument<F: Future>(_: Span, future: F) -> F {
        future
    }
}
