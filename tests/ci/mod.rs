//! What runs in a CI system: the real program, told of events as the forges tell them, before stand-ins
//! of the forges' own APIs.

mod checkout;
mod comments;
mod github;
mod gitlab;
mod gitlab_reports;
mod gitlab_results;
mod issues;
mod left_alone;
mod merges;
mod notes;
mod parts;
mod patch;
mod people;
mod places;
mod reviewed;
mod reviewed_before;
mod reviewed_on_gitlab;
mod reviews;
mod runs;
mod transfer;
mod world;
