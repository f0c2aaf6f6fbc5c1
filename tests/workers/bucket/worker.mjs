// The bucket of the backups, as S3's clients reach it: as much of that API as Litestream asks of it to
// restore, and what a test needs to write and delete. What begins with /client/ goes on to Isolite.

export default {
  async fetch(request, { BUCKET, ISOLITE }) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/client/")) return ISOLITE.fetch(request);
    const key = decodeURIComponent(url.pathname).replace(/^\/isolite-backup\/?/, "");
    if (key === "") return list(BUCKET, url.searchParams);
    switch (request.method) {
      case "PUT":
        await BUCKET.put(key, request.body ?? "", { customMetadata: metadata(request.headers) });
        return new Response(null);
      case "DELETE":
        await BUCKET.delete(key);
        return new Response(null, { status: 204 });
      case "GET":
      case "HEAD":
        return get(BUCKET, key, request);
      default:
        return new Response(null, { status: 405 });
    }
  },
};

const META = "x-amz-meta-";

function metadata(headers) {
  const own = [...headers].filter(([name]) => name.startsWith(META));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(META.length), value]));
}

async function get(bucket, key, request) {
  const object = await bucket.get(key, { range: request.headers });
  if (!object) return xml(`<Error><Code>NoSuchKey</Code><Key>${key}</Key></Error>`, 404);
  const headers = new Headers({
    etag: object.httpEtag,
    "last-modified": object.uploaded.toUTCString(),
    "content-type": "application/octet-stream",
  });
  for (const [name, value] of Object.entries(object.customMetadata ?? {})) {
    headers.set(`${META}${name}`, value);
  }
  const ranged = request.headers.has("range");
  const { offset = 0, length = object.size } = object.range ?? {};
  headers.set("content-length", `${ranged ? length : object.size}`);
  if (ranged) headers.set("content-range", `bytes ${offset}-${offset + length - 1}/${object.size}`);
  const body = request.method === "HEAD" ? null : object.body;
  return new Response(body, { status: ranged ? 206 : 200, headers });
}

async function list(bucket, asked) {
  const options = {
    prefix: asked.get("prefix") ?? "",
    cursor: asked.get("continuation-token") ?? undefined,
    startAfter: asked.get("start-after") ?? undefined,
    delimiter: asked.get("delimiter") ?? undefined,
  };
  const { objects, truncated, cursor, delimitedPrefixes } = await bucket.list(options);
  const contents = objects.map(
    ({ key, size, httpEtag, uploaded }) =>
      `<Contents><Key>${key}</Key><Size>${size}</Size><ETag>${httpEtag.replaceAll('"', "&quot;")}</ETag>` +
      `<LastModified>${uploaded.toISOString()}</LastModified></Contents>`,
  );
  const prefixes = delimitedPrefixes.map(
    (prefix) => `<CommonPrefixes><Prefix>${prefix}</Prefix></CommonPrefixes>`,
  );
  return xml(
    `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>` +
      (truncated ? `<NextContinuationToken>${cursor}</NextContinuationToken>` : "") +
      `<KeyCount>${objects.length}</KeyCount>${contents.join("")}${prefixes.join("")}</ListBucketResult>`,
  );
}

function xml(text, status = 200) {
  const headers = { "content-type": "application/xml" };
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>${text}`, { status, headers });
}
