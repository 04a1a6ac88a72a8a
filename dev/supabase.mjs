/**
 * One origin for what production calls SUPABASE_URL: the Data API of @supabase/lite on the local
 * Postgres, and /storage/v1 handed on to the storage server. Studio answers on a port of its own.
 * Reads its configuration, secrets included, as one JSON document from standard input.
 */
import { createReadStream } from "node:fs";
import http from "node:http";
import { extname } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { getRequestListener } from "@hono/node-server";
import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";

const config = JSON.parse(await text(process.stdin));

/** JSON text that lite has already made of an argument must not become a JSON string of it. */
function serializeJson(value) {
  if (typeof value === "string") {
    try {
      JSON.parse(value);
      return value;
    } catch {
      // A plain string, to be one in JSON too.
    }
  }
  return JSON.stringify(value);
}

const withOffset = (time) => time.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");

/** PostgREST writes times in ISO 8601; lite passes on how Postgres prints them. */
const types = {
  json: { to: 114, from: [114], serialize: serializeJson, parse: JSON.parse },
  jsonb: { to: 3802, from: [3802], serialize: serializeJson, parse: JSON.parse },
  timestamp: { to: 1114, from: [1114], serialize: String, parse: (time) => time.replace(" ", "T") },
  timestamptz: { to: 1184, from: [1184], serialize: String, parse: withOffset },
};

/** The SQLSTATEs, or their first letters, that lite answers as PostgREST does. */
const ANSWERED_BY_LITE = /^(21|22|42|23502|23503|23505|25006|PGRST|PT)/;

/** What PostgREST answers for the others (docs.postgrest.org, Errors): first match wins. */
const STATUSES = [
  [/^P0001/, 400],
  [/^(08|53|57P01)/, 503],
  [/^(0L|0P|28)/, 403],
  [/^(09|25|2D|38|39|3B|40|54|55|57|58|F0|HV|P0|XX)/, 500],
  [/^/, 400],
];

/** Lite answers 500 without the code for a SQLSTATE that it does not know. */
function normalizeError(error) {
  const code = error?.code;
  if (typeof code !== "string" || code.length !== 5 || ANSWERED_BY_LITE.test(code)) return error;
  const [, status] = STATUSES.find(([pattern]) => pattern.test(code));
  const body = { code, message: error.message, details: error.detail, hint: error.hint };
  return Object.assign(new Error(JSON.stringify(body)), {
    code: "PGRST",
    detail: JSON.stringify({ status, headers: {} }),
  });
}

/** Connect as the role that PostgREST uses, with enough connections for a class. */
function connect() {
  const connection = createPostgresConnection({
    url: config.postgres_url,
    postgresOptions: { max: config.pool_size, onnotice: () => {}, types },
  });
  connection.normalizeDbError = normalizeError;
  // Left alone, lite would look for row level security first: where it finds some, it tries to grant
  // every table there to every role, and where it finds none, it never changes the role at all.
  // Migrations alone decide here, as they do on a hosted project.
  connection.rlsState = "active";
  return connection;
}

/** Studio's own App is in admin mode: from this machine, without a key, it may see every row. */
function createApp(connection, { isStudio }) {
  return new App({
    connection,
    api: { enabled: true, schemas: config.schemas, max_rows: config.max_rows },
    auth: {
      enabled: true,
      jwt_secret: config.jwt_secret,
      publishable_key: config.publishable_key,
      secret_key: config.secret_key,
    },
    studio: { enabled: isStudio },
    options: { server: { admin: isStudio, disableStudio: !isStudio } },
  });
}

/** Hand a request on to the storage server; bodies flow through unread. */
function forward(request, response) {
  const onward = http.request(
    {
      agent: storageAgent,
      host: config.host,
      port: config.storage_port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

const storageAgent = new http.Agent({ keepAlive: true });
const connection = connect();
const data = createApp(connection, { isStudio: false });
const studio = createApp(connection, { isStudio: true });

// As PostgREST does: `notify pgrst, 'reload schema'`.
await connection.driver.listen("pgrst", () => connection.clearSchemaCache());

function listenerOf(app) {
  return getRequestListener((request, { incoming }) =>
    app.fetch(request, { peerAddress: incoming.socket.remoteAddress ?? null }),
  );
}

const answerData = listenerOf(data);
const answerApp = listenerOf(studio);

/** What Lectern uses of a project; lite has more, and some of it tells anybody about the schema. */
function answer(request, response) {
  if (request.url.startsWith("/storage/v1/")) return forward(request, response);
  if (request.url.startsWith("/rest/v1/")) return answerData(request, response);
  return response.writeHead(404).end();
}

const server = http.createServer(answer);
// As hosted, beyond the half minute for which our functions keep a connection: after Node's own
// five seconds it can be closed under the next call, and what may not be repeated would fail of that.
server.keepAliveTimeout = 75_000;
server.listen(config.port, config.host);

const ASSETS = new URL("static/", import.meta.resolve("@supabase/lite"));
const TYPES = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };

/** Studio's own scripts and styles are files of the package, which its App leaves to its server. */
function answerStudio(request, response) {
  const [, name] = /^\/static\/((?:assets\/)?\w[\w.-]*\.\w+)$/.exec(request.url) ?? [];
  if (!name) return answerApp(request, response);
  const file = createReadStream(fileURLToPath(new URL(name, ASSETS)));
  file.on("error", () => response.writeHead(404).end());
  file.on("open", () => {
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type });
    file.pipe(response);
  });
}

http.createServer(answerStudio).listen(config.studio_port, config.host);
