//! Readers and a writer: what a shop is asked.

use std::convert::Infallible;
use std::time::Duration;

use crate::Shop;

/// How many readers there are.
const READERS: u64 = 8;

/// Asks without end. Some products are asked for far more often than others.
pub async fn run(shop: Shop) -> Infallible {
    for reader in 0..READERS {
        tokio::spawn(read(shop.clone(), reader));
    }
    for round in 0_u64.. {
        shop.change_price(round % 20).await;
        pause(400).await;
    }
    unreachable!("the rounds have no end")
}

async fn read(shop: Shop, reader: u64) {
    let mut state = reader + 1;
    loop {
        // A linear congruential generator is random enough for a customer.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = state >> 33;
        let _ = shop.product(draw % 10 * (draw / 10 % 20)).await;
        if draw.is_multiple_of(4) {
            let _ = shop.bestsellers(draw % 3).await;
        }
        if draw.is_multiple_of(3) {
            let _ = shop.stock(draw % 30).await;
        }
        pause(5).await;
    }
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
