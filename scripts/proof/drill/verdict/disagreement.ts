export interface Disagreement {
  /** An event, a movement, an account, a request. */
  readonly about: string;
  readonly what: string;
}

/** Takes down what does not agree. */
export type Disagree = (about: string, what: string) => void;
