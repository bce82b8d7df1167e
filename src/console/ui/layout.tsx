/** What every page has around it. */
import type { Child } from "hono/jsx";
import type { Session } from "../session.ts";

const SECTIONS = [
  ["/console", "Overview"],
  ["/console/events", "Events"],
  ["/console/retry", "Bulk retry"],
  ["/console/reconciliations", "Reconciliation"],
] as const;

/** Without script the whole page comes again, which is slower to read. */
const REFRESH_SECONDS = 5;

export interface PageProps {
  readonly title: string;
  /** staging or production; null while the configuration is broken. */
  readonly settleEnv: string | null;
  readonly session: Session | null;
  /** The section that the page belongs to. */
  readonly section?: (typeof SECTIONS)[number][0];
  /** WebSockets that notify the page of changes. */
  readonly live?: readonly string[];
  /** How often the page reloads itself, where no WebSocket notifies it. */
  readonly pollMs?: number;
  /** Announced by a screen reader when it changes while the page is open. */
  readonly announce?: string;
  readonly children?: Child;
}

export function Page(props: PageProps) {
  const { title, settleEnv, session, section, live = [], pollMs, announce = "", children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · clawsettle`}</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/style.css" />
        <script src="/console/app.js" type="module"></script>
        {pollMs !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(REFRESH_SECONDS)} />
          </noscript>
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Header settleEnv={settleEnv} session={session} section={section} />
        <main id="main" tabindex={-1} data-live={live.join(" ")} data-poll={pollMs} data-announce={announce}>
          {children}
        </main>
        <div id="announcer" class="unseen" role="status" aria-live="polite"></div>
      </body>
    </html>
  );
}

function Header(props: Pick<PageProps, "settleEnv" | "session"> & { section: string | undefined }) {
  const { settleEnv, session, section } = props;
  return (
    <header class="top">
      <div class="brand">
        <a href="/console" class="name">
          <span class="mark" aria-hidden="true"></span>clawsettle
        </a>
        {settleEnv !== null && <span class={`env ${settleEnv}`}>{settleEnv}</span>}
      </div>
      {session !== null && (
        <>
          <nav aria-label="Sections">
            <ul>
              {SECTIONS.map(([path, name]) => (
                <li>
                  <a href={path} aria-current={path === section ? "page" : undefined}>
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <SignedIn session={session} />
        </>
      )}
    </header>
  );
}

function SignedIn({ session }: { session: Session }) {
  return (
    <div class="who">
      <span id="live" class="live" hidden></span>
      <span class="actor">
        <bdi>{session.actor}</bdi>
        {session.role === "read" && <span class="role">read only</span>}
      </span>
      <form method="post" action="/console/logout">
        <Csrf session={session} />
        <button type="submit" class="plain">
          Sign out
        </button>
      </form>
    </div>
  );
}

/** In every form that changes something. */
export function Csrf({ session }: { session: Session }) {
  return <input type="hidden" name="csrf" value={session.csrf} />;
}
