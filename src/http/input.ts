/** What a request brings, checked by its route's schemas. */
import type { z } from "zod";
import type { Failure } from "../errors.ts";
import type { OperatorCall } from "../operators/operator-call.ts";
import type { Result } from "../result.ts";
import { OPERATOR_BODY_MAX_BYTES, readBody } from "./body.ts";
import type { Route, RouteName, ROUTES } from "./routes.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export interface Incoming extends OperatorCall {
  readonly request: Request;
}

type Checked<R, Part extends string> = R extends { readonly [P in Part]: infer Schema }
  ? z.output<Schema>
  : undefined;

/** Undefined is what the route does not take. */
export interface Input<Name extends RouteName> {
  readonly id: Checked<(typeof ROUTES)[Name], "id">;
  readonly query: Checked<(typeof ROUTES)[Name], "query">;
  readonly body: Checked<(typeof ROUTES)[Name], "body">;
}

/** `id`: the path's parameter. */
export async function readInput(
  request: Request,
  route: Route,
  id: string | undefined,
): Promise<Result<{ readonly id: unknown; readonly query: unknown; readonly body: unknown }, Failure>> {
  const checkedId = route.id === undefined ? NOTHING : check(id, route.id);
  if (!checkedId.ok) return checkedId;
  const query = route.query === undefined ? NOTHING : readQuery(request, route.query);
  if (!query.ok) return query;
  const body = route.body === undefined ? NOTHING : await readJson(request, route.body);
  if (!body.ok) return body;
  return { ok: true, value: { id: checkedId.value, query: query.value, body: body.value } };
}

const NOTHING = { ok: true, value: undefined } as const;

/** An empty body counts as `{}`. */
async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<Result<T, Failure>> {
  const bytes = await readBody(request, OPERATOR_BODY_MAX_BYTES).catch(() => "broken_off" as const);
  if (bytes === "broken_off") return malformed(["the body broke off"]);
  if (bytes === null) {
    return { ok: false, failure: { kind: "payload_too_large", limitBytes: OPERATOR_BODY_MAX_BYTES } };
  }
  let parsed: unknown;
  try {
    parsed = bytes.length === 0 ? {} : JSON.parse(decoder.decode(bytes));
  } catch {
    return malformed(["the body is not JSON in UTF-8"]);
  }
  return check(parsed, schema);
}

/** Each parameter at most once: of two, either could be the one that was meant. */
function readQuery<T>(request: Request, schema: z.ZodType<T>): Result<T, Failure> {
  const params = [...new URL(request.url).searchParams];
  const given = Object.fromEntries(params);
  const twice = Object.keys(given).filter((name) => params.filter(([other]) => other === name).length > 1);
  return twice.length > 0
    ? malformed(twice.map((name) => `${name}: given more than once`))
    : check(given, schema);
}

export function check<T>(value: unknown, schema: z.ZodType<T>): Result<T, Failure> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const { issues } = result.error;
  return malformed(issues.map(({ path, message }) => `${path.join(".") || "the request"}: ${message}`));
}

function malformed(problems: readonly string[]): Result<never, Failure> {
  return { ok: false, failure: { kind: "invalid_request", problems } };
}
