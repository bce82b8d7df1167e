/**
 * The document of `GET /openapi.json`, made of the table of routes, whose schemas check the requests, and of
 * the schemas of the answers.
 *
 * zod-openapi's own validating middleware is not used: it would read a body without our cap, before a key was
 * asked for, and answer with error messages of its own. So the router checks with the same schemas, and this
 * only describes.
 */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { version } from "../../../package.json";
import { type Route, ROUTE_NAMES, type RouteName, ROUTES } from "../routes.ts";
import { commonHeaders, type FailureKind, failureResponses } from "./failures.ts";
import { OPERATIONS } from "./operations.ts";

const DESCRIPTION = `Turns Stripe webhook events into ledger settlements, each exactly once.

Amounts are integers in minor units, as text. Times are ISO 8601. Every answer carries \`x-request-id\`, which stands in the log
too. A path that is not here is 404 \`NOT_FOUND\`, a method that a path does not take 405 \`METHOD_NOT_ALLOWED\`, and what nobody
expected 500 \`INTERNAL\`, all in the shape of the errors below. The operators' pages at \`/console\` are no part of this.`;

export type OpenApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

export function openApiDocument(): OpenApiDocument {
  const { openAPIRegistry: registry, getOpenAPI31Document } = new OpenAPIHono();
  registry.registerComponent("securitySchemes", "operatorKey", {
    type: "http",
    scheme: "bearer",
    description: "SETTLE_ADMIN_KEY, or SETTLE_READ_KEY for what only reads.",
  });
  for (const name of ROUTE_NAMES) registry.registerPath(definitionOf(name));
  return getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "clawsettle", version, description: DESCRIPTION },
    servers: [{ url: "/" }],
  });
}

function definitionOf(name: RouteName) {
  const route: Route = ROUTES[name];
  const { description, headers, body, answer, alternative, failures = [] } = OPERATIONS[name];
  const schema = body?.schema ?? route.body;
  const [parameter] = /(?<=\{)\w+(?=\})/.exec(route.path) ?? [];
  const needsKey = route.access === "operator" || route.access === "watcher";
  return createRoute({
    operationId: name,
    method: route.method === "GET" ? "get" : "post",
    path: route.path,
    summary: route.summary,
    ...(description !== undefined && { description }),
    ...(needsKey && { security: [{ operatorKey: [] }] }),
    request: {
      ...(route.query !== undefined && { query: route.query }),
      ...(route.id !== undefined && { params: z.object({ [parameter ?? "id"]: route.id }) }),
      ...(headers !== undefined && { headers }),
      ...(schema !== undefined && {
        body: {
          required: body?.required ?? true,
          description: body?.description ?? "",
          content: { "application/json": { schema } },
        },
      }),
    },
    responses: {
      [route.status ?? 200]:
        answer === null
          ? { description: "Switching to the WebSocket." }
          : {
              description: answer.description,
              headers: commonHeaders(),
              content: {
                [answer.type]: { schema: answer.schema },
                ...(alternative && { [alternative.type]: { schema: alternative.schema } }),
              },
            },
      ...failureResponses([...inputFailures(route), ...failures, ...(needsKey ? keyFailures(route) : [])]),
    },
  });
}

/** What is checked can be malformed, and a body can be too large. */
function inputFailures({ id, query, body }: Route): FailureKind[] {
  if (body !== undefined) return ["invalid_request", "payload_too_large"];
  return id === undefined && query === undefined ? [] : ["invalid_request"];
}

/** Of each route that asks for a key: all of them ask an object too. */
function keyFailures({ method }: Route): FailureKind[] {
  return [
    "event_object_unavailable",
    "unauthorized",
    ...(method === "GET" ? [] : (["forbidden"] as const)),
    "dependency_not_configured",
  ];
}
