/** What an account's lane stores. Pure. */
import { z } from "zod";
import { storedFormat } from "../stored-version.ts";

/**
 * Until when a request may be running at the ledger, in epoch milliseconds. Version 0 was the bare number.
 */
export const laneMark = storedFormat("lane's mark", z.strictObject({ until: z.int() }), [
  (until: number) => ({ until }),
]);

/**
 * The events by which operators have closed a movement, by id: never none. That the note exists, whatever its
 * version, is what keeps the movement closed. Version 0 was the bare list.
 */
export const closedMovement = storedFormat(
  "closed movement",
  z.strictObject({ closed_by: z.array(z.string()).min(1) }),
  [(closed_by: readonly string[]) => ({ closed_by })],
);
