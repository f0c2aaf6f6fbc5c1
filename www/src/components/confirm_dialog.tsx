/** Asks for the name of what is to be changed, so that it is not the wrong one. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Form } from "./form.tsx";

interface ConfirmDialogProps {
  title: string;
  name: string;
  action: string;
  /** Whether there is all else that is needed. */
  ready?: boolean;
  onConfirm: () => Promise<void>;
  /** What follows, unless the dialog was closed meanwhile. */
  onDone: () => void;
  onClose: () => void;
  children: ComponentChildren;
}

export function ConfirmDialog(
  { title, name, action, ready = true, onConfirm, onDone, onClose, children }: ConfirmDialogProps,
) {
  const [typed, setTyped] = useState("");
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        onSubmit={onConfirm}
        onDone={onDone}
        action={action}
        danger
        ready={ready && typed === name}
        onCancel={onClose}
      >
        {children}
        <Field
          label="Type the name of the database"
          value={typed}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
          hint={<>It is <strong class="name">{name}</strong></>}
        />
      </Form>
    </Dialog>
  );
}
