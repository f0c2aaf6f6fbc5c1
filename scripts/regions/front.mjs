// The Worker that answers HTTP for all regions, since `wrangler dev` gives it to its first Worker
// alone: /<region>/… goes to the region's Isolite Worker, /app-<region>/… to its app. What REST has
// signed knows of no region, and goes home.

export default {
  fetch(request, { WORKERS, ...services }) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/client/")) return services[WORKERS[0]].fetch(request);
    const [, worker, path] = url.pathname.match(/^\/([^/]*)(.*)$/);
    if (!WORKERS.includes(worker)) {
      const known = WORKERS.map((name) => `/${name}/`).join(" ");
      return new Response(`No such path. Begin it with one of ${known}\n`, { status: 404 });
    }
    url.pathname = path || "/";
    return services[worker].fetch(new Request(url, request));
  },
};
