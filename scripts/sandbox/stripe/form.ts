/**
 * What Stripe's client sends, in queries and form bodies: `types[0]=a`, `created[gte]=1`, `metadata[k]=v`.
 * Pure.
 */

export type FormValue = string | { readonly [key: string]: FormValue };
export type Form = Readonly<Record<string, FormValue>>;

export function parseForm(text: string): Form {
  const form: Record<string, FormValue> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const [head = "", ...keys] = name.split(/\[|\]\[|\]/).filter((part, at) => at === 0 || part !== "");
    put(form, [head, ...keys], value);
  }
  return form;
}

/** The values of `name[]=…`, `name[0]=…`; one plain value counts as a list of one. */
export function listOf(value: FormValue | undefined): string[] {
  if (value === undefined) return [];
  if (typeof value === "string") return [value];
  return Object.values(value).filter((item) => typeof item === "string");
}

function put(into: Record<string, FormValue>, [key = "", ...rest]: string[], value: string): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner = into[key];
  const next: Record<string, FormValue> = typeof inner === "object" ? { ...inner } : {};
  put(next, rest, value);
  into[key] = next;
}
