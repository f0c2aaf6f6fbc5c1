// Takes the custom section "name" out of a wasm module.
//
// The names of functions serve stack traces alone and are a twentieth of the compressed module.
// The linker could leave them out, but then also takes the list of target features, without which
// wasm-bindgen makes slower glue.

const HEADER_BYTES = 8;
const CUSTOM = 0;

/** An unsigned LEB128 number: its value and the offset behind it. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at };
  }
}

/** The module without the names of its functions. */
export function stripNames(bytes) {
  const kept = [bytes.subarray(0, HEADER_BYTES)];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const size = number(bytes, at + 1);
    const end = size.end + size.value;
    if (!(bytes[at] === CUSTOM && isName(bytes, size.end))) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

function isName(bytes, at) {
  const length = number(bytes, at);
  return bytes.toString("latin1", length.end, length.end + length.value) === "name";
}
