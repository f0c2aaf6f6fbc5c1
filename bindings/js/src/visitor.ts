/**
 * A visitor's session, carried from one web request to the next.
 *
 * Whoever has just saved something sees it on the next page, in whatever data centre that is
 * answered: the bookmark goes out with each response, in a cookie for browsers and in a header for
 * programs, and the next request brings it back. What comes back is a stranger's word. A bookmark that
 * the database refuses, as that of a database since restored or replaced, starts the session anew at
 * the primary instead of failing the request.
 */

import type { SessionTerms } from "./channel.ts";
import { D1Database } from "./database.ts";

export interface VisitorOptions extends SessionTerms {
  /** The cookie; `isolite-bookmark` unless told, and none if null. */
  cookie?: string | null;
  /** The header of requests and responses; `x-d1-bookmark` unless told, and none if null. */
  header?: string | null;
}

/** Cloudflare's own class, which knows no terms: there a refused bookmark fails the request. */
export interface SessionSource<Session> {
  withSession(start?: string): Session;
}

/** A bookmark matters until every replica is past it, which is long before. */
const COOKIE_AGE_S = 3_600;

/** Answers a request in a session that goes on from where the visitor's last one ended. */
export async function withVisitorSession<Session extends { getBookmark(): string | null }>(
  request: Request,
  database: SessionSource<Session>,
  answer: (session: Session) => Response | Promise<Response>,
  options: VisitorOptions = {},
): Promise<Response> {
  const { cookie = "isolite-bookmark", header = "x-d1-bookmark", ...terms } = options;
  // A program's header says more than a cookie that some browser keeps.
  const came = (header && request.headers.get(header)) || (cookie && cookieOf(request, cookie));
  const start = came || undefined;
  const ours = database instanceof D1Database;
  const session = ours
    ? (database.withSession({ fallback: "first-primary", ...terms, start }) as unknown as Session)
    : database.withSession(start);
  const response = await answer(session);
  const bookmark = session.getBookmark();
  // A response that switches protocols takes no headers.
  if (bookmark === null || bookmark === came || response.status === 101) return response;
  const carrying = new Response(response.body, response);
  if (header) carrying.headers.set(header, bookmark);
  if (cookie) carrying.headers.append("set-cookie", setCookie(request, cookie, bookmark));
  return carrying;
}

function cookieOf(request: Request, name: string): string | undefined {
  const cookies = request.headers.get("cookie")?.split(";") ?? [];
  const found = cookies.map((each) => each.trim()).find((each) => each.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

function setCookie(request: Request, name: string, bookmark: string): string {
  // Without TLS, as on a developer's machine, a browser would not send a secure one back.
  const secure = request.url.startsWith("https:") ? "; Secure" : "";
  return `${name}=${bookmark}; Path=/; Max-Age=${COOKIE_AGE_S}; HttpOnly; SameSite=Lax${secure}`;
}
