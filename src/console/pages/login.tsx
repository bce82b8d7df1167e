/** The sign-in: a name, and an operator key. */
export interface LoginProps {
  /** Where to go then; a path of the console. */
  readonly next: string;
  readonly actor: string;
  readonly problem: string | null;
}

export function LoginContent({ next, actor, problem }: LoginProps) {
  return (
    <section class="login" aria-labelledby="login-title">
      <h1 id="login-title">Sign in</h1>
      <p class="lead">With an operator key. The admin key can repair; the read key can only look.</p>
      {problem !== null && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      <form method="post" action="/console/login" class="stack">
        <input type="hidden" name="next" value={next} />
        <label>
          Your name
          <input type="text" name="actor" value={actor} maxlength={100} required autocomplete="name" />
          <span class="under">Kept with whatever you retry or resolve.</span>
        </label>
        <label>
          Operator key
          <input type="password" name="key" required autocomplete="current-password" />
        </label>
        <button type="submit">Sign in</button>
      </form>
    </section>
  );
}
