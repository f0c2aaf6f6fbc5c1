// The main module of one region's Isolite Worker: all that Isolite's own exports, at a distance
// from the objects of other regions. A new class of objects also goes into configuration.mjs.

import Entrypoint, * as isolite from "../../bindings/js/src/worker.ts";
import { distantClass } from "./distance.mjs";

export default distantClass(Entrypoint);
export const Database = distantClass(isolite.Database);
export const IsoliteDirectory = distantClass(isolite.IsoliteDirectory);
export const IsolitePrimary = distantClass(isolite.IsolitePrimary);
export const IsoliteReplica = distantClass(isolite.IsoliteReplica);
export const IsoliteUpload = distantClass(isolite.IsoliteUpload);
