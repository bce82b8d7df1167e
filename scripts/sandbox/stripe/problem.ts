/** Stripe's errors, as its own client understands them: docs.stripe.com/api/errors. Pure. */

export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 429 | 500;
  readonly type: "invalid_request_error" | "api_error";
  readonly code?: string;
  readonly param?: string;
  readonly message: string;
}

export const INVALID_KEY = refused(401, "Invalid API Key provided.");
export const NO_PERMISSION = refused(
  403,
  "The provided key does not have the required permissions for this endpoint.",
);
export const RATE_LIMITED = refused(429, "Request rate limit exceeded.", { code: "rate_limit" });
export const DOWN: Problem = { status: 500, type: "api_error", message: "An error occurred at the sandbox." };

export function missing(status: 400 | 404, what: string, param: string): Problem {
  return refused(status, `No such ${what}`, { code: "resource_missing", param });
}

export function invalid(param: string, why: string): Problem {
  return refused(400, `${param}: ${why}`, { code: "parameter_invalid", param });
}

export function unknownParameter(param: string): Problem {
  return refused(400, `Received unknown parameter: ${param}`, { code: "parameter_unknown", param });
}

export function missingParameter(param: string): Problem {
  return refused(400, `Missing required param: ${param}.`, { code: "parameter_missing", param });
}

export function notAnInteger(param: string, value: string): Problem {
  return refused(400, `Invalid integer: ${value}`, { code: "parameter_invalid_integer", param });
}

export function notExpandable(field: string): Problem {
  return refused(400, `This property cannot be expanded (${field}).`);
}

export function unknownRoute(route: string): Problem {
  return refused(404, `Unrecognized request URL (${route}).`);
}

/** An endpoint has a `status` too, but never a message. */
export function isProblem(answer: object): answer is Problem {
  return "message" in answer && "status" in answer;
}

function refused(
  status: Problem["status"],
  message: string,
  details: Pick<Problem, "code" | "param"> = {},
): Problem {
  return { status, type: "invalid_request_error", ...details, message };
}
