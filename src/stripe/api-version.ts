/**
 * The version of Stripe's API that the mapping was checked against. Events are frozen at the version of their
 * endpoint, so the endpoint must be made with this one; the sandbox's events carry it. It moves together with
 * the `stripe` package.
 */
export const STRIPE_API_VERSION = "2026-10-28.endive";
