/**
 * A form that asks the server for something. While it waits it cannot be sent again; a failure stands
 * in it, read out, and leaves what was typed.
 */

import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import { messageOf } from "../api/failure.ts";

interface FormProps {
  /** The form stays as it is if this rejects. */
  onSubmit: () => Promise<void>;
  action: string;
  danger?: boolean;
  /** Whether there is all that is needed. */
  ready?: boolean;
  onCancel?: (() => void) | undefined;
  children: ComponentChildren;
}

export function Form(
  { onSubmit, action, danger = false, ready = true, onCancel, children }: FormProps,
) {
  const [failure, setFailure] = useState<string>();
  const [waits, setWaits] = useState(false);
  // State is seen only by the next rendering, and two events may come before it.
  const sending = useRef(false);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!ready || sending.current) return;
    sending.current = true;
    setWaits(true);
    setFailure(undefined);
    try {
      await onSubmit();
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      sending.current = false;
      setWaits(false);
    }
  };
  return (
    <form onSubmit={submit} aria-busy={waits}>
      {children}
      <div role="alert" class="alert">{failure !== undefined && <p>{failure}</p>}</div>
      <div class="actions">
        {onCancel && <button type="button" class="quiet" onClick={onCancel}>Cancel</button>}
        <button
          type="submit"
          class={danger ? "danger" : "primary"}
          aria-disabled={!ready || waits}
        >
          {waits && <span class="spinner" aria-hidden="true" />}
          {action}
        </button>
      </div>
    </form>
  );
}
