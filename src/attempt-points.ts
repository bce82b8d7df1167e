/**
 * The log's line of an attempt, as a point in an Analytics Engine dataset: for
 * questions that outlive the retention.
 */
import type { LogLevel, LogLine } from "./log.ts";

type Log = (level: LogLevel, line: LogLine) => void;

/**
 * Blobs: event_type, state, trigger, outcome, event_id. Doubles: duration in ms, attempt, the ledger's status
 * (0: none). Sampled, if at all, by event type.
 */
export function withAttemptPoints(log: Log, dataset: AnalyticsEngineDataset): Log {
  return (level, line) => {
    log(level, line);
    if (line.msg !== "attempt") return;
    const { event_id, event_type, state, trigger, outcome, duration_ms, attempt, ledger_status } = line;
    try {
      dataset.writeDataPoint({
        // An index may have 96 bytes; a type is a stranger's text.
        indexes: [String(event_type).slice(0, 32)],
        blobs: [event_type, state, trigger, outcome, event_id].map((value) => String(value ?? "")),
        doubles: [duration_ms, attempt, ledger_status].map((value) => Number(value ?? 0)),
      });
    } catch {
      // Statistics are never in the way of a settlement.
    }
  };
}
