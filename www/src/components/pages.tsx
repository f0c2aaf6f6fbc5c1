/** To the next and the previous page of a list that has several. */

interface PagesProps {
  page: number;
  count: number;
  onTurn: (page: number) => void;
}

export function Pages({ page, count, onTurn }: PagesProps) {
  if (count <= 1 && page === 1) return null;
  return (
    <nav class="turn" aria-label="Pages of the list">
      <button type="button" disabled={page <= 1} onClick={() => onTurn(page - 1)}>Previous</button>
      <span>Page {page} of {Math.max(count, 1)}</span>
      <button type="button" disabled={page >= count} onClick={() => onTurn(page + 1)}>Next</button>
    </nav>
  );
}
