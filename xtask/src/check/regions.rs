//! The generated parts are up to date.

use anyhow::Result;

use crate::course::Course;
use crate::drift::Drift;
use crate::generated;

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for document in course.documents()? {
        drifts.extend(generated::rewrite(course, &document)?.stale);
    }
    Ok(drifts)
}
