/**
 * A form that asks the server for something. While it waits it cannot be sent again; a failure stands
 * in it, read out, and leaves what was typed.
 */

import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../api/failure.ts";

interface FormProps<T> {
  /** The form stays as it is if this rejects. */
  onSubmit: () => Promise<T>;
  /** What follows, unless the form was closed meanwhile. */
  onDone?: ((result: T) => void) | undefined;
  action: string;
  danger?: boolean;
  /** Whether there is all that is needed. */
  ready?: boolean;
  onCancel?: (() => void) | undefined;
  children: ComponentChildren;
}

export function Form<T>(
  { onSubmit, onDone, action, danger = false, ready = true, onCancel, children }: FormProps<T>,
) {
  const [failure, setFailure] = useState<string>();
  const [waits, setWaits] = useState(false);
  // State is seen only by the next rendering, and two events may come before it.
  const sending = useRef(false);
  const open = useRef(true);
  useEffect(() => () => {
    open.current = false;
  }, []);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!ready || sending.current) return;
    sending.current = true;
    setWaits(true);
    setFailure(undefined);
    try {
      const result = await onSubmit();
      if (open.current) onDone?.(result);
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
