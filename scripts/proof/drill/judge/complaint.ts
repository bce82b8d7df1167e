export interface Disagreement {
  /** An event, a movement, an account, a request. */
  readonly about: string;
  readonly what: string;
}

export type Complain = (about: string, what: string) => void;
