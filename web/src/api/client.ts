// Requests to the functions, typed by their own OpenAPI documents.

import type { paths } from "../schema.ts";
import { problemOf, readJson } from "./replies.ts";
import { authorised, reach } from "./session.ts";

type Verb = "get" | "post" | "put" | "patch" | "delete";
type PathOf<V extends Verb> = {
  [P in keyof paths]: paths[P] extends { [K in V]: object } ? P : never;
}[keyof paths];
type Operation<V extends Verb, P extends keyof paths> = paths[P] extends { [K in V]: infer O }
  ? O
  : never;
type Parameters<O> = O extends { parameters: infer R } ? R : never;
type Json<R> = R extends { content: { "application/json": infer J } } ? J : undefined;
type Reply<O> = O extends { responses: infer R }
  ? { [S in keyof R]: S extends 200 | 201 | 204 ? Json<R[S]> : never }[keyof R]
  : never;

type Needed<K extends string, T> = [T] extends [never]
  ? { [N in K]?: never }
  : undefined extends T
    ? { [N in K]?: NonNullable<T> }
    : { [N in K]: T };
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : never;
type Options<O> = Needed<"path", Parameters<O>["path" & keyof Parameters<O>]> &
  Needed<"query", Parameters<O>["query" & keyof Parameters<O>]> &
  Needed<"body", Body<O>> & { signal?: AbortSignal; keepalive?: boolean };

interface Loose {
  path?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
  signal?: AbortSignal;
  keepalive?: boolean;
}

export function address(template: string, { path = {}, query = {} }: Loose): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(path[name])),
  );
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `${filled}?${search}` : filled;
}

function init(verb: Verb, { body, signal, keepalive }: Loose): RequestInit {
  return {
    method: verb.toUpperCase(),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    ...(signal ? { signal } : {}),
    ...(keepalive ? { keepalive } : {}),
  };
}

async function read<T>(response: Response): Promise<T> {
  return response.status === 204 ? (undefined as T) : readJson<T>(response);
}

/** Ask as the user who is signed in. Raises a Failure. */
export async function send<V extends Verb, P extends PathOf<V>>(
  verb: V,
  path: P,
  ...[options]: Record<string, never> extends Options<Operation<V, P>>
    ? [Options<Operation<V, P>>?]
    : [Options<Operation<V, P>>]
): Promise<Reply<Operation<V, P>>> {
  const loose = (options ?? {}) as Loose;
  return read(await authorised(address(path, loose), init(verb, loose)));
}

/** Ask without being signed in: to register and to sign in. Raises a Failure. */
export async function knock<P extends "/api/auth/register" | "/api/auth/login">(
  path: P,
  body: Body<Operation<"post", P>>,
): Promise<Reply<Operation<"post", P>>> {
  const response = await reach(path, init("post", { body }));
  if (!response.ok) throw await problemOf(response);
  return read(response);
}
