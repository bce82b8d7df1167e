/** How an account at Stripe can differ from the usual one. */

/** A connected account. What shall settle its events must name it in `STRIPE_CONNECTED_ACCOUNTS`. */
export const LISTED_ACCOUNT = "acct_listed";
/** One that nobody names there. */
export const STRANGER = "acct_stranger";

/** The endpoint is up to date, and the platform's own requests are older. */
export const BEFORE_BASIL = { requestVersion: "2025-02-24.acacia" };
/** The endpoint is older than 2024-10-28. */
export const WITHOUT_REFUND_EVENTS = { apiVersion: "2024-06-20" };
