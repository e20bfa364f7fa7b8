//! Object stores: where data lies, how a store is opened, listed, metered and written.
//!
//! Nothing here knows of SQL. Stores are opened only for locations that the configuration or the command line names.

mod aside;
mod aws;
mod cache;
mod cached;
mod listed;
mod location;
mod meter;
mod ranges;
mod rehearsal;
mod stores;
mod unfinished;
mod write;

pub use cache::DiskCache;
pub use cached::CachedStore;
pub use listed::ListedOnce;
pub use location::Location;
pub use meter::{Meter, MeteredStore, Traffic};
pub use rehearsal::Rehearsal;
pub use stores::{StoreOptions, Stores, list};
pub use unfinished::unfinished;
pub use write::Publication;

use object_store::path::Path;
use url::Url;

use crate::error::Error;

/// Turns an error of a store into ours, naming the object and the way out.
pub(crate) fn store_error(location: &str, cause: object_store::Error) -> Error {
    use object_store::Error as Cause;
    let text = cause.to_string();
    let error = match &cause {
        Cause::NotFound { .. } => not_found(),
        _ if text.contains("404 Not Found") => not_found(),
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => denied(),
        // Listings report a refusal as a general failure.
        _ if text.contains("403 Forbidden") || text.contains("401 Unauthorized") => denied(),
        _ if text.contains("connect") => Error::storage("the object store did not answer")
            .hint("check the endpoint, the region and the network; it is safe to try again"),
        _ => Error::storage("the object store failed").hint("it is safe to try again"),
    };
    error.with("object", location).because(cause)
}

fn not_found() -> Error {
    Error::storage("no such object or bucket").hint("check the spelling of the path, the bucket and the region")
}

fn denied() -> Error {
    Error::storage("access denied")
        .hint("check the credentials (for S3: AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION) and the bucket policy")
}

/// Whether a listed key is data, not a marker or a side file: no segment starts with `_` or `.`, and it holds bytes.
pub(crate) fn is_data(path: &Path, size: u64) -> bool {
    size > 0 && path.parts().all(|part| !part.as_ref().starts_with(['_', '.']))
}

/// Whether the store at `root` is the local disk: nothing is kept of it, and ranges of a file are read as they are.
pub(crate) fn is_local(root: &Url) -> bool {
    root.scheme() == "file"
}
