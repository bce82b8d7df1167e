/** A name that no other run has. */
export function newRunId(): string {
  return `rec_${crypto.randomUUID().replaceAll("-", "")}`;
}
