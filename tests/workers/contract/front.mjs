// Hands each request to the Worker that its path names. `wrangler dev` gives only the first of its
// Workers an address, so this one stands before those that hold a database.

export default {
  fetch: (request, env) => env[new URL(request.url).pathname.slice(1)].fetch(request),
};
