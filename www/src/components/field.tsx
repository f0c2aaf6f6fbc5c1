/** A labelled control of a form; what is to be known of it stands below and is read with it. */

import type { ComponentChildren, JSX, TargetedEvent } from "preact";
import { useId } from "preact/hooks";

interface Labelled {
  label: string;
  hint?: ComponentChildren;
}

export function Field(
  { label, hint, ...input }: Labelled & JSX.IntrinsicElements["input"],
) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input {...input} id={id} {...(hint !== undefined && { "aria-describedby": `${id}-hint` })} />
      {hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

interface ChoiceProps extends Labelled {
  value: string;
  onChoose: (value: string) => void;
  /** The text of having chosen none. */
  none: string;
  choices: Readonly<Record<string, string>>;
}

export function Choice({ label, hint, value, onChoose, none, choices }: ChoiceProps) {
  const id = useId();
  const chosen = (event: TargetedEvent<HTMLSelectElement>) => onChoose(event.currentTarget.value);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={chosen}
        {...(hint !== undefined && { "aria-describedby": `${id}-hint` })}
      >
        <option value="">{none}</option>
        {Object.entries(choices).map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
      {hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}
