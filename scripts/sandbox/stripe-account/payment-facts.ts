export type Metadata = Readonly<Record<string, string>>;

/** What the objects around a payment repeat of it. */
export interface PaymentFacts {
  readonly intent: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** `cus_…` */
  readonly customer: string | null;
}
