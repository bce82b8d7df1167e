/** What the sender refuses before it sends anything. */
import { expect, it } from "vitest";
import { OPTIONS, optionsOf } from "../../../../scripts/commands/send/options.ts";
import { readOptions } from "../../../../scripts/lib/command.ts";
import { UsageError } from "../../../../scripts/lib/failure.ts";

function check(args: readonly string[]) {
  const read = readOptions(OPTIONS, args, true);
  return read === null ? null : optionsOf(read.values, read.positionals);
}

it.each<[string, string[], string]>([
  ["no event type", [], "Name one event type"],
  ["no such story", ["--story", "no-such-story"], 'There is no story "no-such-story"'],
  [
    "a story and an event type",
    ["payout.paid", "--story", "refund"],
    "--story goes with --order, --double and --forget-event",
  ],
  [
    "a story and an amount",
    ["--story", "refund", "--amount", "5"],
    "--story goes with --order, --double and --forget-event",
  ],
  ["a forgotten event without a story", ["payout.paid", "--forget-event"], "are for a --story"],
  ["an order without a story", ["payout.paid", "--order", "backwards"], "are for a --story"],
  [
    "no such order",
    ["--story", "refund", "--order", "sideways"],
    "--order takes as-sent, backwards or shuffled",
  ],
  [
    "a story for another machine",
    ["--story", "refund", "--url", "https://clawsettle.com", "--allow-remote"],
    "--story is for the local stack",
  ],
  ["too many", ["payout.paid", "--times", "100001"], "--times takes a whole number from 1 to 100000"],
  ["too many at once", ["payout.paid", "--concurrency", "201"], "--concurrency takes"],
  ["another machine", ["payout.paid", "--url", "https://clawsettle.com"], "--allow-remote"],
  [
    "another Stripe",
    ["payout.paid", "--stripe-url", "https://api.stripe.com"],
    "the sandbox on this machine",
  ],
  [
    "lost on another machine",
    ["payout.paid", "--lose", "--url", "https://clawsettle.com", "--allow-remote"],
    "--lose is for the local stack",
  ],
  [
    "another machine over open http",
    ["payout.paid", "--url", "http://clawsettle.com", "--allow-remote"],
    "use https",
  ],
])("%s → wrong usage", (_, args, message) => {
  expect(() => check(args)).toThrow(UsageError);
  expect(() => check(args)).toThrow(message);
});

it("one event, a story → taken, with its defaults", () => {
  expect(check(["payout.paid"])).toMatchObject({ type: "payout.paid", times: 1, remote: false, story: null });
  expect(check(["--story", "refund"])).toMatchObject({ story: "refund", order: "as-sent", double: false });
});
