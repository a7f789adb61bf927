//! A few annotated functions, which `weight` compares with many.

redis_cached_guard::functions!(f01 V01, f02 V02, f03 V03, f04 V04);
