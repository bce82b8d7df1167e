/** workerd's own configuration, as text in Cap'n Proto: one Worker, its objects on disk, one HTTP socket. */

export interface WorkerConfig {
  readonly compatibilityDate: string;
  /** Text values of `env`. */
  readonly texts: Readonly<Record<string, string>>;
  /** Binding → class. */
  readonly objects: Readonly<Record<string, string>>;
}

/** For `index.js` in the same folder, with its data in the folder `data`. */
export function capnp(config: WorkerConfig, address: string, dataFolder: string): string {
  const { compatibilityDate, texts, objects } = config;
  const bindings = [
    ...Object.entries(texts).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`),
    ...Object.entries(objects).map(
      ([name, className]) => `(name = ${quoted(name)}, durableObjectNamespace = ${quoted(className)})`,
    ),
  ];
  const namespaces = Object.values(objects).map(
    (className) =>
      `(className = ${quoted(className)}, uniqueKey = ${quoted(`bench-${className}`)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .mainWorker),
    (name = "internet", network = (allow = ["local"])),
    (name = "data", disk = (path = ${quoted(dataFolder)}, writable = true)),
  ],
  sockets = [(name = "http", address = ${quoted(address)}, http = (), service = "main")],
);

const mainWorker :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = ${quoted(compatibilityDate)},
  globalOutbound = "internet",
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "data"),
);
`;
}

/** Cap'n Proto's string escapes are C's, of which JSON's are a part for the plain text that stands here. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
