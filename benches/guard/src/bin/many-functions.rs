//! Many annotated functions, which `weight` compares with a few.

redis_cached_guard::functions!(
    f01 V01, f02 V02, f03 V03, f04 V04, f05 V05, f06 V06, f07 V07, f08 V08, f09 V09, f10 V10, f11 V11, f12 V12, f13 V13,
    f14 V14, f15 V15, f16 V16, f17 V17, f18 V18, f19 V19, f20 V20
);
