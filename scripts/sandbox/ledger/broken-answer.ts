/** An answer that promises its full length, sends half of it, and breaks the connection. */
import { utf8 } from "../../../src/bytes.ts";

/**
 * How long the first half may take to reach the client. Without this pause the connection breaks before
 * anything left, and the development proxy in front of the Worker turns that into a clean 500 of its own.
 */
const FLUSH_MS = 100;

/**
 * The length stands in the headers (`FixedLengthStream`) because that is what makes the loss visible: a
 * chunked body that fails can still be closed like a complete one, and half a body would read as a whole one
 * (workerd#6818).
 */
export function brokenAnswer(
  status: number,
  body: string,
  waitUntil: (work: Promise<void>) => void,
): Response {
  const bytes = utf8(body);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  waitUntil(sendHalf(writable, bytes.subarray(0, Math.floor(bytes.length / 2))));
  return new Response(readable, { status, headers: { "content-type": "application/json" } });
}

async function sendHalf(writable: WritableStream<Uint8Array>, half: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(half);
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    await writer.abort(new Error("sandbox fault: commit_then_drop"));
  } catch {
    // The client left first. It has no usable answer either way.
  }
}
