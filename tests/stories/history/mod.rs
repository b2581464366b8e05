//! Git is the state: what a change does, what drifted, and what an earlier merge left undone.

mod bases;
mod clones;
mod digests;
mod drift;
mod elsewhere;
mod events;
mod lifted;
mod ownership;
mod protection;
mod records;
mod renames;
mod requests;
mod scopes;
