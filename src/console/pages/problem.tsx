/** What went wrong, and where to go from here. */
import type { Failure } from "../../errors.ts";

export interface Problem {
  readonly title: string;
  readonly text: string;
}

export const SIGNED_OUT: Problem = {
  title: "You are signed out",
  text: "The session has ended, or a key was changed. Nothing was done. Sign in and do it again.",
};

export const REFUSED: Problem = {
  title: "Refused",
  text: "This request did not come from a page of this console, or the page was older than your session. Nothing was done.",
};

export const READ_ONLY: Problem = {
  title: "This key may only read",
  text: "Nothing was done. Somebody with the admin key can do it.",
};

export const UNREADABLE: Problem = { title: "The form cannot be read", text: "Nothing was done." };

export const SWITCHED_OFF: Problem = {
  title: "The console is off",
  text: "No operator key is configured, or it is shorter than production accepts. Set the secret SETTLE_ADMIN_KEY, and the console is there.",
};

export function problemOf(failure: Failure): Problem {
  switch (failure.kind) {
    case "event_not_found":
      return {
        title: "No such event",
        text: "No event with this id was delivered here, or it was settled long ago and its record has expired.",
      };
    case "reconciliation_not_found":
      return {
        title: "There is no such reconciliation",
        text: "Nobody asked for it, or it was purged.",
      };
    case "too_many_runs":
      return {
        title: "Too many runs wait",
        text: "Cancel some of them, or wait until they are over.",
      };
    case "event_object_unavailable":
      return {
        title: "Out of reach at the moment",
        text: "A part of the storage does not answer. Events keep arriving and settling without it. Try again in a moment.",
      };
    case "invalid_state":
      return {
        title: "Not possible any more",
        text: `The event is ${failure.state} by now, and that does not allow this. Nothing was done.`,
      };
    case "dependency_not_configured":
      if (failure.refused !== undefined) {
        return { title: "A setting may not change", text: failure.refused.join(" ") };
      }
      return {
        title: "Not configured completely",
        text: `These settings are missing or malformed: ${[...failure.missing, ...failure.invalid].join(", ")}.`,
      };
    case "invalid_request":
      return { title: "This cannot be read", text: `${failure.problems.join("; ")}. Nothing was done.` };
    case "route_not_found":
      return { title: "No such page", text: "There is nothing at this address." };
    default:
      return {
        title: "Something failed here",
        text: "The log says more under the id below. Nothing is lost: events do not depend on this page.",
      };
  }
}

export function ProblemContent(props: { problem: Problem; requestId: string; isSignedIn: boolean }) {
  const { problem, requestId, isSignedIn } = props;
  return (
    <section class="problem" aria-labelledby="problem-title">
      <h1 id="problem-title">{problem.title}</h1>
      <p>{problem.text}</p>
      <p>{isSignedIn ? <a href="/console">To the overview</a> : <a href="/console/login">Sign in</a>}</p>
      <p class="under">
        Request <code>{requestId}</code>
      </p>
    </section>
  );
}
