/**
 * A table that becomes a list of cards on a narrow screen. The roles stay there, where the layout takes them
 * away.
 */
import type { Child } from "hono/jsx";

export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => Child;
  readonly isNumber?: boolean;
}

export function Table<Row>(props: {
  caption: string;
  hideCaption?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
}) {
  const { caption, hideCaption = false, columns, rows } = props;
  return (
    <table role="table">
      <caption class={hideCaption ? "unseen" : undefined}>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ name, isNumber }) => (
            <th role="columnheader" scope="col" class={isNumber ? "number" : undefined}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row">
            {columns.map(({ name, of, isNumber }) => (
              <td role="cell" data-label={name} class={isNumber ? "number" : undefined}>
                {of(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
