/** A time of the past, in the browser's time zone. */

import { Field } from "./field.tsx";

interface TimeFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint: string;
}

export function TimeField({ label, value, onInput, hint }: TimeFieldProps) {
  return (
    <Field
      label={label}
      type="datetime-local"
      step={1}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      hint={hint}
    />
  );
}

/** As REST takes it; undefined if it is none. */
export function timestampOf(value: string): string | undefined {
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
