/** `GET /v1/admin/stats`: is anything stuck, how much is it, since when. */
import { readStats } from "../../event-index/find.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askIndex } from "./admin.ts";

export async function showStats(admin: AdminRequest): Promise<Response> {
  const stats = await askIndex(admin, (index) => readStats(index, Date.now()));
  return stats.ok ? json(admin.requestId, 200, stats.value) : fail(admin.requestId, stats.failure);
}
