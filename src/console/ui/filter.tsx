/** The fields of a filter, and the box to search in. */
import type { Fields } from "../form.ts";

/**
 * `states`: those to choose from. `any`: the label of the choice that does not filter by state; null leaves
 * it out.
 */
export function FilterFields(props: { given: Fields; states: readonly string[]; any: string | null }) {
  const { given, states, any } = props;
  return (
    <>
      <label>
        State
        <select name="state">
          {any !== null && <option value="">{any}</option>}
          {states.map((state) => (
            <option value={state} selected={given["state"] === state}>
              {state}
            </option>
          ))}
        </select>
      </label>
      <Text name="type" label="Event type" given={given} hint="payment_intent.succeeded" />
      <Text name="account_id" label="Account" given={given} hint="acc_…" />
      <Text name="payment_id" label="Payment" given={given} hint="pi_… re_… ch_… po_… dp_…" />
      <Day name="received_from" label="Received from (UTC)" given={given} />
      <Day name="received_to" label="Received before (UTC)" given={given} />
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly given: Fields;
}

function Text({ name, label, given, hint }: FieldProps & { hint: string }) {
  return (
    <label>
      {label}
      <input
        type="text"
        name={name}
        value={given[name] ?? ""}
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
      />
    </label>
  );
}

function Day({ name, label, given }: FieldProps) {
  return (
    <label>
      {label}
      <input type="date" name={name} value={given[name] ?? ""} />
    </label>
  );
}

export function SearchBox() {
  return (
    <form method="get" action="/console/events" class="search" role="search">
      <label class="unseen" for="q">
        Search by event, payment or account id
      </label>
      <input
        id="q"
        type="search"
        name="q"
        placeholder="evt_… pi_… or an account id"
        autocomplete="off"
        spellcheck={false}
        required
      />
      <button type="submit" class="secondary">
        Search
      </button>
    </form>
  );
}
