/** The platform's traces. A runtime may be older than they are. */

import * as platform from "cloudflare:workers";

export const { tracing } = platform as { tracing?: Tracing };
