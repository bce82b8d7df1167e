/** The page of a failure: the same one mapping to a status as the operators' routes have. */
import { answerTo, type Failure } from "../errors.ts";
import { type ConsoleContext, visitOf } from "./guard.ts";
import { problemOf } from "./pages/problem.tsx";
import { renderProblem } from "./render.tsx";

export function failed(c: ConsoleContext, failure: Failure): Promise<Response> {
  return renderProblem(visitOf(c), answerTo(failure).status, problemOf(failure));
}
