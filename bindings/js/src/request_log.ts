/**
 * The log of requests that come in over service bindings: of each one line of JSON, or of those that
 * failed, or none. Those that come in by HTTP the WebAssembly logs (src/request_log.rs).
 */

import type { TransportReply } from "./transport.ts";

/** Variables of the Worker, which may be anything. */
interface Settings {
  /** `off`, `error` or `request`; `error` unless told. */
  ISOLITE_LOG?: unknown;
  /** `true` adds what was asked, with its values. */
  ISOLITE_LOG_PARAMETERS?: unknown;
  ISOLITE_REGION?: unknown;
}

/** What is known of a request before it is answered. */
export interface Asked {
  path: string;
  body: string | undefined;
  database: string;
  /** Known once it was answered. */
  id: () => string | undefined;
}

/** As long as this what was asked is logged. */
const ASKED_LENGTH_MAX = 8_192;
const FAILURE = '{"success":false';

/** What `work` answers, logged as the settings have it. */
export async function logged(
  env: object,
  asked: Asked,
  work: () => Promise<TransportReply>,
): Promise<TransportReply> {
  const settings: Settings = env;
  const level = textOf(settings.ISOLITE_LOG) ?? "error";
  if (level === "off") return work();
  const began_ms = Date.now();
  try {
    const reply = await work();
    const { text, bookmark } = reply;
    if (text.startsWith(FAILURE)) {
      console.error(line(settings, asked, began_ms, 200, failureOf(text)));
    } else if (level === "request") {
      const told = { bookmark: bookmark ?? undefined, ...rowsOf(text) };
      console.log(line(settings, asked, began_ms, 200, told));
    }
    return reply;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    console.error(line(settings, asked, began_ms, 500, { error: told }));
    throw error;
  }
}

function line(
  { ISOLITE_REGION, ISOLITE_LOG_PARAMETERS }: Settings,
  { path, body, database, id }: Asked,
  began_ms: number,
  status: number,
  told: object,
): string {
  const [kind = ""] = path.slice(1).split("?", 1);
  const withBody = textOf(ISOLITE_LOG_PARAMETERS) === "true";
  return JSON.stringify({
    message: "isolite request",
    door: "rpc",
    kind,
    request_id: crypto.randomUUID(),
    database,
    database_id: id(),
    region: textOf(ISOLITE_REGION)?.toLowerCase(),
    status,
    duration_ms: Date.now() - began_ms,
    ...told,
    asked: withBody ? body?.slice(0, ASKED_LENGTH_MAX) : undefined,
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.trim() || undefined : undefined;
}

function failureOf(text: string): object {
  const { error } = parsed(text) as { error?: string };
  return { error };
}

type Meta = { rows_read?: number; rows_written?: number };

/** Rows read and written, of D1's results and of those in the compact form. */
function rowsOf(text: string): Meta {
  const metas = metasOf(parsed(text));
  if (metas.length === 0) return {};
  const sum = (of: keyof Meta): number => metas.reduce((sum, meta) => sum + (meta[of] ?? 0), 0);
  return { rows_read: sum("rows_read"), rows_written: sum("rows_written") };
}

function metasOf(body: { results?: unknown; meta?: Meta }): Meta[] {
  if (Array.isArray(body)) return body.map(({ meta = {} }: { meta?: Meta }) => meta);
  if (body.meta !== undefined) return [body.meta];
  if (!Array.isArray(body.results)) return [];
  return body.results.map(([, numbers]) => ({ rows_read: numbers[5], rows_written: numbers[6] }));
}

function parsed(text: string): object {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
