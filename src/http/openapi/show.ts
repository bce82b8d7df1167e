/** `GET /openapi.json`. Open to all: it says nothing that the documentation does not. */
import { json } from "../respond.ts";
import type { OpenApiDocument } from "./document.ts";

let document: OpenApiDocument | null = null;

/** Loaded and made when somebody asks: an event on its way pays nothing for it. */
export async function showDocument(requestId: string): Promise<Response> {
  if (document === null) {
    const { openApiDocument } = await import("./document.ts");
    document = openApiDocument();
  }
  return json(requestId, 200, document);
}
