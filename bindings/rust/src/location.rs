//! Where this Worker runs, as a request tells: it decides which region's replica is near.

use isolite_worker::router;
use worker::Request;

/// Takes down where a request came in, for all queries of this isolate, which does not move. Call it
/// with each request of the `fetch` handler; the setting `ISOLITE_REGION` comes before it. Without
/// either the primary is asked wherever it is.
pub fn near(request: &Request) {
    router::came_in(request);
}
