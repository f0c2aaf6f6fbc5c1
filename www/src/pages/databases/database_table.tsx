/**
 * A page of databases as a table. The list names them; what only their primaries know is asked for
 * one after the other, a few at a time, as each question wakes an object.
 */

import { useEffect, useState } from "preact/hooks";
import { type Database, getDatabase } from "../../api/databases.ts";
import { type Traffic, trafficOf } from "../../api/statistics.ts";
import { useAsked } from "../../components/asked.ts";
import * as format from "../../format.ts";
import { jurisdictionName, regionName } from "../../regions.ts";
import { href } from "../../router.ts";

export function DatabaseTable({ databases }: { databases: Database[] }) {
  const ids = databases.map(({ uuid }) => uuid);
  const details = useDetails(ids);
  const traffic = useAsked(() => trafficOf(ids), [ids.join()]);
  return (
    <div class="table-frame">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">Size</th>
            <th scope="col" class="number wide">Tables</th>
            <th scope="col">Primary</th>
            <th scope="col" class="number wide">Reads, 24 h</th>
            <th scope="col" class="number wide">Writes, 24 h</th>
            <th scope="col" class="wide">Created</th>
          </tr>
        </thead>
        <tbody>
          {databases.map((database) => (
            <Row
              key={database.uuid}
              database={database}
              detail={details.get(database.uuid)}
              traffic={traffic.value && (traffic.value.get(database.uuid) ?? NOTHING)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const NOTHING: Traffic = { reads: 0, writes: 0, rowsRead: 0, rowsWritten: 0 };

interface RowProps {
  database: Database;
  detail: Database | undefined;
  traffic: Traffic | undefined;
}

function Row({ database, detail, traffic }: RowProps) {
  const { uuid, name, created_at, jurisdiction } = database;
  return (
    <tr>
      <th scope="row"><a href={href(["databases", uuid])}>{name}</a></th>
      <td class="number">{orDash(detail?.file_size, format.bytes)}</td>
      <td class="number wide">{orDash(detail?.num_tables, format.whole)}</td>
      <td>
        {detail === undefined ? "" : orDash(detail.running_in_region, regionName)}
        {jurisdiction !== undefined && <span class="tag">{jurisdictionName(jurisdiction)}</span>}
      </td>
      <td class="number wide">{orDash(traffic?.reads, format.short)}</td>
      <td class="number wide">{orDash(traffic?.writes, format.short)}</td>
      <td class="wide"><time dateTime={created_at}>{format.day(created_at)}</time></td>
    </tr>
  );
}

/** What is not known, or not yet. */
const orDash = <T,>(value: T | undefined, text: (value: T) => string): string =>
  value === undefined ? "–" : text(value);

const AT_ONCE = 4;

function useDetails(ids: string[]): Map<string, Database> {
  const [details, setDetails] = useState(() => new Map<string, Database>());
  useEffect(() => {
    let current = true;
    const left = [...ids];
    const worker = async () => {
      for (let id = left.shift(); id !== undefined && current; id = left.shift()) {
        // One that was deleted meanwhile, or does not answer, keeps its dashes.
        const detail = await getDatabase(id).catch(() => undefined);
        if (detail !== undefined && current) {
          setDetails((before) => new Map(before).set(detail.uuid, detail));
        }
      }
    };
    for (let count = 0; count < AT_ONCE; count += 1) void worker();
    return () => {
      current = false;
    };
  }, [ids.join()]);
  return details;
}
