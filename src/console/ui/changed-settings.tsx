import type { SettingView } from "../../operators/settings.ts";
import { type Column, Table } from "./data-table.tsx";
import { Time } from "./time.tsx";

/** What looks wrong is usually noticed within a month, and then somebody asks what changed. */
const SHOWN_FOR_MS = 30 * 86_400_000;

/** Settings that change the meaning of what is stored. Nothing when none changed lately. */
export function ChangedSettings({ settings, now }: { settings: readonly SettingView[]; now: number }) {
  const changed = settings.filter(
    ({ since, changed_from }) => changed_from !== null && now - Date.parse(since) < SHOWN_FOR_MS,
  );
  if (changed.length === 0) return <></>;
  const columns: Column<SettingView>[] = [
    { name: "Setting", of: ({ name }) => <code>{name}</code> },
    { name: "From", of: ({ changed_from }) => changed_from },
    { name: "To", of: ({ value }) => value },
    { name: "Since (UTC)", of: ({ since }) => <Time at={since} now={now} /> },
  ];
  return (
    <section aria-labelledby="settings-title">
      <h2 id="settings-title">Settings that changed</h2>
      <Table caption="Settings that changed" columns={columns} rows={changed} hideCaption />
    </section>
  );
}
