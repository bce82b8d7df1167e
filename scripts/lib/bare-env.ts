const NAMES = ["PATH", "HOME", "TMPDIR"];

/**
 * Of this process's environment what any child needs, and nothing that changes what it does: no key, no port,
 * no `CLOUDFLARE_ENV`, which would choose another environment of wrangler.toml.
 */
export function bareEnv(): NodeJS.ProcessEnv {
  const found = NAMES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  // The Worker's secrets are declared as variables that every process has.
  return Object.fromEntries(found) as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv;
}
