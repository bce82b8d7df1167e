import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    isProof: boolean;
  }
}

/** True in `npm run test:proof`: every search in full. In `npm test` each is a short one. */
export const isProof = inject("isProof");
