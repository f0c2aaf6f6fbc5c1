/** The dialogs that move a primary, for whoever has a button for it. */

import { useState } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import { ForceDialog } from "./force_dialog.tsx";
import { MoveDialog } from "./move_dialog.tsx";

interface Opened {
  dialog: "move" | "force";
  region?: string | undefined;
}

export interface Moving {
  open: (opened: Opened) => void;
  dialogs: preact.ComponentChildren;
}

export function useMoving(database: Database): Moving {
  const [opened, open] = useState<Opened>();
  const close = () => open(undefined);
  const dialogs = (
    <>
      {opened?.dialog === "move" && (
        <MoveDialog
          database={database}
          region={opened.region}
          onClose={close}
          onLost={() => open({ ...opened, dialog: "force" })}
        />
      )}
      {opened?.dialog === "force" && (
        <ForceDialog database={database} region={opened.region} onClose={close} />
      )}
    </>
  );
  return { open, dialogs };
}
