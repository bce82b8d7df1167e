/**
 * Every event type that the `stripe` package names. A union has no value at run time,
 * so it is read from the declarations.
 */
// The linter looks for the export in the declarations themselves, not in what Vite makes of them.
// oxlint-disable-next-line import/default
import declarations from "../../node_modules/stripe/esm/resources/Events.d.ts?raw";

const [, union = ""] = /\btype Type = ([^;]+);/.exec(declarations) ?? [];

export const STRIPE_EVENT_TYPES: readonly string[] = [...union.matchAll(/'([^']+)'/g)].map(
  ([, type]) => type as string,
);
