/** What the ledger's object hands to the Worker to answer. Pure. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly retry_after_seconds?: number;
  /** The answer must break off in the middle. */
  readonly cut_off?: true;
}

type Value = Omit<Reply, "body"> & { readonly body: unknown };

export function replyTo(answer: Value): Reply {
  return { ...answer, body: JSON.stringify(answer.body) };
}

export function problem(status: number, code: string, error: string): Reply {
  return replyTo({ status, body: { error, code } });
}
