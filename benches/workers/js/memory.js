/**
 * `POST /reads` of the peer `isolite-js`: many reads in memory, and how large the WebAssembly's own
 * memory is after them.
 */

const POINT_READ = "SELECT * FROM cities WHERE id = ?";
const SCAN = "SELECT id, name FROM cities WHERE id >= ? ORDER BY id LIMIT 10";
/** Between turns of the event loop, in which the memory is brought up to date. */
const READS_PER_TURN = 5_000;
/** Texts that differ: more than statements are kept. */
const TEXTS = 500;

const memories = [];

/** Has each instance of WebAssembly made from now on remembered by its memory. */
export function watchMemories() {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    if (instance.exports.memory) memories.push(instance.exports.memory);
    return instance;
  };
}

/** One read in ten is a scan, and one in a thousand a text of its own. */
export async function reads(db, { ids, count }) {
  for (let i = 0; i < count; i++) {
    const id = ids[i % ids.length];
    if (i % READS_PER_TURN === 0) await scheduler.wait(1);
    if (i % 1_000 === 999) {
      const text = `${POINT_READ} -- ${Math.floor(i / 1_000) % TEXTS}`;
      await db.prepare(text).bind(id).first();
    } else if (i % 10 === 9) {
      await db.prepare(SCAN).bind(id).all();
    } else {
      await db.prepare(POINT_READ).bind(id).first();
    }
  }
  const { meta } = await db.prepare("SELECT 1").all();
  const wasm_bytes = memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  return { wasm_bytes, local: meta.served_by_primary === false };
}
