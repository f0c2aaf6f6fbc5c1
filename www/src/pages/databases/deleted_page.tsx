/** What was deleted and can still be restored. */

import { useState } from "preact/hooks";
import { type Database, listDatabases, PER_PAGE, purgeDatabase } from "../../api/databases.ts";
import { useAsked } from "../../components/asked.ts";
import { ConfirmDialog } from "../../components/confirm_dialog.tsx";
import { Failure } from "../../components/failure.tsx";
import { Heading } from "../../components/heading.tsx";
import { Pages } from "../../components/pages.tsx";
import * as format from "../../format.ts";
import { tell } from "../../messages.ts";
import { UndeleteDialog } from "./undelete_dialog.tsx";

type Chosen = { act: "restore" | "purge"; database: Database };

export function DeletedPage() {
  const [page, setPage] = useState(1);
  const asked = useAsked(() => listDatabases({ page, deleted: true }), [page]);
  const [chosen, setChosen] = useState<Chosen>();
  const close = () => setChosen(undefined);
  const purge = async ({ uuid, name }: Database) => {
    await purgeDatabase(uuid);
    tell(`${name} is deleted for good.`);
    asked.reload();
  };
  const { databases = [], total = 0 } = asked.value ?? {};
  return (
    <>
      <Heading title="Deleted databases" />
      <p class="faint">A deleted database can be restored until its time is over.</p>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      <p class="count" role="status">{asked.value === undefined ? "Loading…" : ""}</p>
      {asked.value !== undefined && total === 0 && <div class="empty"><p>There is none.</p></div>}
      {databases.length > 0 && (
        <DeletedTable databases={databases} onChoose={setChosen} />
      )}
      <Pages page={page} count={Math.ceil(total / PER_PAGE)} onTurn={setPage} />
      {chosen?.act === "restore" && (
        <UndeleteDialog database={chosen.database} onClose={close} />
      )}
      {chosen?.act === "purge" && (
        <ConfirmDialog
          title="Delete for good"
          name={chosen.database.name}
          action="Delete for good"
          onConfirm={() => purge(chosen.database)}
          onDone={close}
          onClose={close}
        >
          <p>The data, and all that is kept of the past, are wiped at once. Nothing brings them back.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

interface DeletedTableProps {
  databases: Database[];
  onChoose: (chosen: Chosen) => void;
}

function DeletedTable({ databases, onChoose }: DeletedTableProps) {
  return (
    <div class="table-frame">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="wide">Deleted</th>
            <th scope="col">Kept until</th>
            <th scope="col"><span class="unseen">Actions</span></th>
          </tr>
        </thead>
        <tbody>
          {databases.map((database) => (
            <tr key={database.uuid}>
              <th scope="row">{database.name}</th>
              <td class="wide">{database.deleted_at && format.time(database.deleted_at)}</td>
              <td>{database.purge_at && format.time(database.purge_at)}</td>
              <td class="acts">
                <button
                  type="button"
                  aria-label={`Restore ${database.name}`}
                  onClick={() => onChoose({ act: "restore", database })}
                >
                  Restore
                </button>
                <button
                  type="button"
                  class="quiet danger-text"
                  aria-label={`Delete ${database.name} for good`}
                  onClick={() => onChoose({ act: "purge", database })}
                >
                  Delete for good
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
