/**
 * The document of `GET /openapi.json`, made of the routes' table and of the schemas that check the requests.
 *
 * zod-openapi's own validating middleware is not used: it would read a body without our cap, before a key was asked for, and
 * answer in words of its own. So the handlers check with the same schemas, and this room only describes.
 */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
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
  const { description, query, params, body, headers, status, answer, alternative, failures } =
    OPERATIONS[name];
  const needsKey = route.access === "operator" || route.access === "watcher";
  return createRoute({
    operationId: name,
    method: route.method === "GET" ? "get" : "post",
    path: route.path,
    summary: route.summary,
    ...(description !== undefined && { description }),
    ...(needsKey && { security: [{ operatorKey: [] }] }),
    request: {
      ...(query !== undefined && { query }),
      ...(params !== undefined && { params }),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && {
        body: {
          required: body.required,
          description: body.description,
          content: { "application/json": { schema: body.schema } },
        },
      }),
    },
    responses: {
      [status]:
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
      ...failureResponses([...failures, ...(needsKey ? refusalsOf(route) : [])]),
    },
  });
}

function refusalsOf({ method }: Route): FailureKind[] {
  return ["unauthorized", ...(method === "GET" ? [] : (["forbidden"] as const)), "dependency_not_configured"];
}
