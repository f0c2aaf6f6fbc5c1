/** The conditions by which rows are found, and a way to add one. */

import { useState } from "preact/hooks";
import { Icon } from "../../../components/icon.tsx";
import { type Filter, needsText, type Operator, OPERATORS } from "./filter.ts";
import type { Column } from "./schema.ts";

interface FilterBarProps {
  columns: readonly Column[];
  filters: readonly Filter[];
  onFilter: (filters: Filter[]) => void;
}

export function FilterBar({ columns, filters, onFilter }: FilterBarProps) {
  const [column, setColumn] = useState(columns[0]?.name ?? "");
  const [operator, setOperator] = useState<Operator>("equal");
  const [text, setText] = useState("");
  const add = (event: Event) => {
    event.preventDefault();
    onFilter([...filters, { column, operator, text: needsText(operator) ? text : "" }]);
    setText("");
  };
  return (
    <div class="filters">
      <form class="filter" aria-label="Filter" onSubmit={add}>
        <select
          aria-label="Column"
          value={column}
          onChange={(event) => setColumn(event.currentTarget.value)}
        >
          {columns.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
        <select
          aria-label="Condition"
          value={operator}
          onChange={(event) => setOperator(event.currentTarget.value as Operator)}
        >
          {Object.entries(OPERATORS).map(([key, title]) => <option key={key} value={key}>{title}</option>)}
        </select>
        {needsText(operator) && (
          <input
            aria-label="Value"
            value={text}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
        <button type="submit"><Icon name="search" /> Filter</button>
      </form>
      {filters.length > 0 && (
        <ul class="chips" aria-label="Filters in force">
          {filters.map((filter, at) => (
            <li key={at}>
              <span>{filter.column} {OPERATORS[filter.operator]} {filter.text}</span>
              <button
                type="button"
                class="quiet"
                aria-label={`Remove the filter of ${filter.column}`}
                onClick={() => onFilter(filters.filter((_, other) => other !== at))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
