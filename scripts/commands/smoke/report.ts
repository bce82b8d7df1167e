import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../lib/failure.ts";
import { at, type Answer } from "../../lib/http.ts";

/** What a step looked at. Chosen field by field, so that no report holds a secret or a whole body. */
export type Facts = Readonly<Record<string, unknown>>;

export type StepReport = {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: Facts;
  readonly got: Facts;
  readonly ms: number;
};

export type Step = {
  readonly name: string;
  readonly expected: Facts;
  readonly run: () => Promise<Facts>;
};

/** Runs the steps in order and stops at the first that fails: the later ones build on it. */
export async function runSteps(steps: readonly Step[]): Promise<readonly StepReport[]> {
  const reports: StepReport[] = [];
  for (const step of steps) {
    const report = await runStep(step);
    reports.push(report);
    if (!report.ok) break;
  }
  return reports;
}

async function runStep({ name, expected, run }: Step): Promise<StepReport> {
  const started = performance.now();
  let got: Facts;
  try {
    got = await run();
  } catch (error) {
    got = { error: messageOf(error) };
  }
  // Facts beyond the expected ones are there to be read, not to be judged.
  const ok = Object.entries(expected).every(([fact, value]) => isDeepStrictEqual(got[fact], value));
  return { name, ok, expected, got, ms: Math.round(performance.now() - started) };
}

/** The status, the named fields of the body, and of a failure also its code and message. */
export function facts(answer: Answer, ...fields: readonly string[]): Facts {
  const picked: Record<string, unknown> = { status: answer.status };
  const failure = answer.status >= 400 ? ["code", "error"] : [];
  for (const field of [...fields, ...failure]) {
    const value = at(answer.body, ...field.split("."));
    if (value !== undefined) picked[field] = value;
  }
  return picked;
}
