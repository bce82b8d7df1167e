/** What can happen at Stripe, and went wrong at somebody's receiver. */
import { StripeAccount } from "../stripe-account/stripe-account.ts";
import type { StripeAccountOptions } from "../stripe-account/books.ts";
import { CAPTURE_STORIES } from "./capture-stories.ts";
import { CONNECT_STORIES } from "./connect-stories.ts";
import { DISPUTE_STORIES } from "./dispute-stories.ts";
import { PAYMENT_STORIES } from "./payment-stories.ts";
import { PAYOUT_STORIES } from "./payout-stories.ts";
import { REFUND_STORIES } from "./refund-stories.ts";
import type { Owners, Story } from "./story.ts";

const ALL_STORIES = {
  ...PAYMENT_STORIES,
  ...CAPTURE_STORIES,
  ...REFUND_STORIES,
  ...DISPUTE_STORIES,
  ...PAYOUT_STORIES,
  ...CONNECT_STORIES,
} as const;

export type StoryName = keyof typeof ALL_STORIES;

export const STORIES: Readonly<Record<StoryName, Story>> = ALL_STORIES;

export function isStoryName(name: string): name is StoryName {
  return Object.hasOwn(STORIES, name);
}

/** Gives the account that it happened in. */
export function playStory(
  name: StoryName,
  owners: Owners,
  options: Pick<StripeAccountOptions, "random" | "now">,
): StripeAccount {
  const story = STORIES[name];
  const account = new StripeAccount({ ...story.options, ...options });
  story.play(account, owners);
  return account;
}
