import { Validator } from "@cfworker/json-schema";
import { Validator as OpenApiValidator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../../../src/http/openapi/document.ts";
import { type Route, ROUTE_NAMES, ROUTES } from "../../../../src/http/routes.ts";

/** The document as JSON, as a client gets it. */
const document = JSON.parse(JSON.stringify(openApiDocument()));

interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, { readonly content?: Record<string, Media> }>;
}
interface Media {
  readonly schema: object;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

const operations: { method: string; path: string; operation: Operation }[] = Object.entries(
  document.paths as Record<string, Record<string, Operation>>,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
  })),
);

describe("the document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new OpenApiValidator().validate(structuredClone(document));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(document.openapi).toBe("3.1.0");
  });

  it("has every route, and no other", () => {
    const named = operations.map(({ method, path, operation }) => [
      operation.operationId,
      `${method} ${path}`,
    ]);
    const routes = ROUTE_NAMES.map((name) => [name, `${ROUTES[name].method} ${ROUTES[name].path}`]);
    expect(named.toSorted()).toEqual(routes.toSorted());
  });

  it.each(ROUTE_NAMES)("%s asks for a key if, and only if, its route does", (name) => {
    const route: Route = ROUTES[name];
    const { operation } = operations.find((other) => other.operation.operationId === name)!;
    const isGuarded = route.access === "operator" || route.access === "watcher";
    expect(operation.security).toEqual(isGuarded ? [{ operatorKey: [] }] : undefined);
    expect("401" in operation.responses).toBe(route.access !== "open");
    expect("403" in operation.responses).toBe(isGuarded && route.method === "POST");
  });

  it("every parameter of a path is described", () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const described = (operation as { parameters?: { in: string; name: string }[] }).parameters ?? [];
      expect(described.flatMap((one) => (one.in === "path" ? one.name : []))).toEqual(inPath);
    }
  });

  it("every example of an error is one by its own schema, and every schema refuses a field too many", () => {
    const examples = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ content = {} }) =>
        Object.values(content).flatMap(({ schema, examples: its = {} }) =>
          Object.values(its).map(({ value }) => ({ schema, value })),
        ),
      ),
    );
    expect(examples.length).toBeGreaterThan(40);
    for (const { schema, value } of examples) {
      const validator = new Validator(schema, "2020-12");
      expect(validator.validate(value)).toMatchObject({ valid: true });
      expect(validator.validate({ ...(value as object), stack: "…" })).toMatchObject({ valid: false });
    }
  });

  it("says of a limit what the check says", () => {
    const { operation } = operations.find((other) => other.operation.operationId === "listEvents")!;
    const { parameters } = operation as unknown as { parameters: { name: string; schema: object }[] };
    expect(parameters.find(({ name }) => name === "limit")?.schema).toMatchObject({
      type: "integer",
      minimum: 1,
      maximum: 200,
      default: 50,
    });
  });
});
