// After a try of which nobody heard how it ended.

import { knock } from "../api/client.ts";
import { isProblem } from "../api/problems.ts";
import { begin } from "../api/session.ts";
import type { User } from "../schema.ts";

/** Sign in anew. Returns whether the account is there, and opens with this password. */
export async function signInAnew({ username }: User, password: string): Promise<boolean> {
  try {
    begin(await knock("/api/auth/login", { username, password }));
    return true;
  } catch (error) {
    if (isProblem(error, "invalid-credentials")) return false;
    throw error;
  }
}
