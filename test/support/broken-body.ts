/** A sender that goes away in the middle of its request. */
export function brokenBody(sent = "{"): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(sent));
      controller.error(new Error("gone"));
    },
  });
}
