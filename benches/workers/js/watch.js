// Before the module whose WebAssembly is to be watched: modules run in the order of their imports.

import { watchMemories } from "./memory.js";

watchMemories();
