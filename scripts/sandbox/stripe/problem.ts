/** Stripe's errors, as its own client understands them: docs.stripe.com/api/errors. Pure. */

export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 429 | 500;
  readonly type: "invalid_request_error" | "api_error";
  readonly code?: string;
  readonly param?: string;
  readonly message: string;
}

export const INVALID_KEY: Problem = {
  status: 401,
  type: "invalid_request_error",
  message: "Invalid API Key provided.",
};

export const NO_PERMISSION: Problem = {
  status: 403,
  type: "invalid_request_error",
  message: "The provided key does not have the required permissions for this endpoint.",
};

export const RATE_LIMITED: Problem = {
  status: 429,
  type: "invalid_request_error",
  code: "rate_limit",
  message: "Request rate limit exceeded.",
};

export const DOWN: Problem = { status: 500, type: "api_error", message: "An error occurred at the sandbox." };

export function missing(status: 400 | 404, what: string, param: string): Problem {
  const type = "invalid_request_error";
  return { status, type, code: "resource_missing", param, message: `No such ${what}` };
}

export function invalid(param: string, why: string): Problem {
  const code = "parameter_invalid";
  return { status: 400, type: "invalid_request_error", code, param, message: `${param}: ${why}` };
}

export function unknownRoute(route: string): Problem {
  const type = "invalid_request_error";
  return { status: 404, type, message: `Unrecognized request URL (${route}).` };
}
