/**
 * A dialog over the page. The browser keeps the focus in it, and gives it back to where it was.
 *
 * A click beside it does not close it, as that would lose what was typed.
 */

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  /** Undefined of one that cannot be closed. */
  onClose?: (() => void) | undefined;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose?.();
  };
  // Two Escapes in a row close a dialog without asking.
  const keepOpen = (event: KeyboardEvent) => {
    if (event.key === "Escape" && onClose === undefined) event.preventDefault();
  };
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onCancel={cancel} onKeyDown={keepOpen}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
