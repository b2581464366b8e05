//! WorkOS over real HTTP.
