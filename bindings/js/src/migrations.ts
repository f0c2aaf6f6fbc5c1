/**
 * The entry `isolite/migrations`: migrations for all databases of a group, by REST.
 *
 * It asks for a page of them at a time, so that no request touches all, and remembers nothing: each
 * database knows by D1's own table what it has. So whatever cuts it short, the same call goes on where
 * it stopped. It runs wherever there is `fetch`.
 */

export interface Migration {
  /** That of its file, by which a database knows whether it has it. */
  name: string;
  sql: string;
}

export interface GroupMigrations {
  /** Where the Isolite Worker answers. */
  url: string;
  /** That of its configuration, or one that may write to all databases. */
  token: string;
  /** What the names of the databases begin with. */
  prefix: string;
  /** In the order in which they are applied. */
  migrations: Migration[];
  /**
   * The group's template, which has them first: so databases that are made meanwhile have them.
   * Whether its name begins with the prefix makes no difference.
   */
  template?: string;
  /** Databases on a page; 25 unless told. */
  limit?: number;
  /** Called after each page, and waited for. */
  onProgress?: (progress: Progress) => void | Promise<void>;
}

export interface MigratedDatabase {
  uuid: string;
  name: string;
  /** Names of the migrations, in order. */
  applied: string[];
}

export interface FailedDatabase {
  uuid: string;
  name: string;
  /** The one that failed; missing where the database gave no answer. */
  migration?: string;
  /** SQLite's text. */
  error: string;
}

export interface Outcome {
  /** Databases that had something applied. */
  migrated: MigratedDatabase[];
  /** Those that have not got them all. */
  failures: FailedDatabase[];
}

export interface Progress extends Outcome {
  /** Databases so far. */
  done: number;
  /** Databases of the group, as far as is known. */
  total: number;
}

/** A page, as REST tells of it. */
interface Page extends Outcome {
  count: number;
  remaining: number;
  next: string | null;
}

/**
 * Applies what each database of a group has not got. Failures are told and the others go on; it rejects
 * where REST refuses or gives no answer, and can then be called again.
 */
export async function applyMigrations(group: GroupMigrations): Promise<Outcome> {
  const { prefix, template, onProgress } = group;
  const outcome: Outcome = { migrated: [], failures: [] };
  if (template !== undefined && !(await migrateTemplate(group, template, outcome))) return outcome;
  let done = 0;
  let after: string | undefined;
  do {
    const page: Page = await ask(group, prefix, after);
    done += page.count;
    outcome.migrated.push(...page.migrated);
    outcome.failures.push(...page.failures);
    const total = done - page.count + page.remaining;
    await onProgress?.({ ...outcome, done, total });
    after = page.next ?? undefined;
  } while (after !== undefined);
  return outcome;
}

/** False if it failed: what the template cannot have no database of the group is given. */
async function migrateTemplate(
  group: GroupMigrations,
  template: string,
  { migrated, failures }: Outcome,
): Promise<boolean> {
  // The one that is called exactly so comes first of those that begin so.
  const page = await ask({ ...group, limit: 1 }, template, undefined);
  const isTemplate = ({ name }: { name: string }) => name === template;
  migrated.push(...page.migrated.filter(isTemplate));
  failures.push(...page.failures.filter(isTemplate));
  return failures.length === 0;
}

async function ask(
  { url, token, migrations, limit = 25 }: GroupMigrations,
  prefix: string,
  after: string | undefined,
): Promise<Page> {
  const base = `${url.replace(/\/+$/, "")}/client/v4/accounts/isolite/d1`;
  const response = await fetch(`${base}/groups/${encodeURIComponent(prefix)}/migrations/apply`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ migrations, after, limit }),
  });
  const text = await response.text();
  const envelope = parsed(text);
  if (envelope?.success && envelope.result) return envelope.result;
  const told = envelope?.errors?.[0]?.message ?? text.slice(0, 500);
  throw new Error(`isolite: migrations of ${prefix} were refused (${response.status}): ${told}`);
}

function parsed(
  text: string,
): { success?: boolean; result?: Page; errors?: { message: string }[] } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
