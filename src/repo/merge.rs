//! stub
use super::{ConfigPlace, RepoError, Revision};
/// m
pub fn merge(
    place: &ConfigPlace,
    _ours: Option<&str>,
    theirs: &str,
    _name: &str,
) -> Result<Revision, RepoError> {
    Revision::open(place, theirs)
}
impl Revision {
    /// t
    pub fn tree(&self) -> &str {
        ""
    }
}
