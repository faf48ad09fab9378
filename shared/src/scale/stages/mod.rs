//! The stages of a decision, in their order.

pub(super) mod activation;
pub(super) mod behavior;
pub(super) mod bounds;
pub(super) mod combine;
pub(super) mod cooldown;
pub(super) mod gate;
pub(super) mod limits;
pub(super) mod observe;
pub(super) mod price;
pub(super) mod propose;
pub(super) mod reduce;
pub(super) mod stabilize;
pub(super) mod suspicion;
