// The main module of an app's Worker in one region: the app's own default export, at a distance
// from the objects. configuration.mjs tells the bundler which module `regions:app` is.

import app from "regions:app";
import { wrapHandler } from "../../bindings/js/src/handler.ts";
import { distant, distantClass } from "./distance.mjs";

export default typeof app === "function" ? distantClass(app) : wrapHandler(app, distant);
