// What a workerd takes of memory while it works: the process by the kernel, and the isolate by its
// inspector, JavaScript's heap and buffers and the memory of WebAssembly apart.
//
// WebAssembly's memory never shrinks, so one look at the end tells the most there was. JavaScript's is
// looked at now and then, with garbage that was not yet collected in it.

import { readFileSync } from "node:fs";

const INTERVAL_MS = 100;

export class Memory {
  #pid;
  #inspector;
  #timer;
  #peak = { resident: 0, javascript: 0 };

  static async of(workerd) {
    const memory = new Memory();
    memory.#pid = workerd.pid;
    memory.#inspector = await Inspector.open(workerd.inspector);
    return memory;
  }

  begin() {
    this.#peak = { resident: 0, javascript: 0 };
    let asked = false;
    this.#timer = setInterval(async () => {
      const peak = this.#peak;
      peak.resident = Math.max(peak.resident, residentBytes(this.#pid));
      if (asked) return;
      asked = true;
      const bytes = await this.#inspector.heapBytes().finally(() => (asked = false));
      peak.javascript = Math.max(peak.javascript, bytes);
    }, INTERVAL_MS);
  }

  /** @returns bytes, each at its most since the beginning. */
  async end() {
    clearInterval(this.#timer);
    return { ...this.#peak, wasm: await this.#inspector.wasmBytes() };
  }

  close() {
    clearInterval(this.#timer);
    this.#inspector?.close();
  }
}

/** 0 where the kernel does not tell. */
function residentBytes(pid) {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(kibibytes) * 1_024;
  } catch {
    return 0;
  }
}

class Inspector {
  #socket;
  #asked = new Map();
  #last = 0;
  #context = Promise.withResolvers();

  static async open(url) {
    const inspector = new Inspector();
    inspector.#socket = new WebSocket(url);
    inspector.#socket.onmessage = ({ data }) => inspector.#take(JSON.parse(data));
    await new Promise((resolve, reject) => {
      inspector.#socket.onopen = resolve;
      inspector.#socket.onerror = () => reject(new Error(`no inspector at ${url}`));
    });
    await inspector.#ask("Runtime.enable");
    return inspector;
  }

  async heapBytes() {
    const { usedSize, backingStorageSize } = await this.#ask("Runtime.getHeapUsage");
    return usedSize + backingStorageSize;
  }

  async wasmBytes() {
    const contextId = await this.#context.promise;
    const expression = "WebAssembly.Memory.prototype";
    const { result } = await this.#ask("Runtime.evaluate", { expression, contextId });
    const { objects } = await this.#ask("Runtime.queryObjects", { prototypeObjectId: result.objectId });
    const sum = "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) }";
    const asked = { objectId: objects.objectId, functionDeclaration: sum, returnByValue: true };
    return (await this.#ask("Runtime.callFunctionOn", asked)).result.value;
  }

  close() {
    this.#socket.close();
  }

  #ask(method, params = {}) {
    const id = ++this.#last;
    const answer = Promise.withResolvers();
    this.#asked.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  }

  #take({ id, method, params, result, error }) {
    if (method === "Runtime.executionContextCreated") this.#context.resolve(params.context.id);
    if (error) this.#asked.get(id)?.reject(new Error(error.message));
    else this.#asked.get(id)?.resolve(result);
    this.#asked.delete(id);
  }
}
