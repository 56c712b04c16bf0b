import { useEffect, useState } from 'preact/hooks';
import { Fault } from '../fault.ts';
import { looksLikePhone } from '../looks-like-phone.ts';
import { Ago } from '../parts/clock.tsx';
import { EntryList } from '../parts/entry-list.tsx';
import { Empty, FaultNote, Loading } from '../parts/note.tsx';
import { hrefOf } from '../route.ts';
import { useAsked } from '../use-asked.ts';

const PHONE = new Fault(400, 'That looks like a phone number. Search by number is not supported, so that none appears in a log.');
const NEVER_MS = 2 ** 31 - 1;

export function SearchView({ query }: { readonly query: string }) {
  const [typed, setTyped] = useState(query);
  const [isPhone, setPhone] = useState(looksLikePhone(query));
  useEffect(() => {
    setTyped(query);
    setPhone(looksLikePhone(query));
  }, [query]);
  const search = (event: Event) => {
    event.preventDefault();
    const text = typed.trim();
    setPhone(looksLikePhone(text));
    if (!looksLikePhone(text)) location.hash = hrefOf({ view: 'search', query: text });
  };
  return (
    <section class="card">
      <h2>Find an alert or a message</h2>
      <search>
        <form class="search" onSubmit={search}>
          <label for="query">Alert id, message id, dedup key, or the name of a contact</label>
          <div class="search-line">
            <input
              id="query"
              type="search"
              value={typed}
              autoComplete="off"
              autoCapitalize="none"
              spellcheck={false}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
            <button type="submit" class="main">
              Search
            </button>
          </div>
        </form>
      </search>
      {isPhone ? <FaultNote fault={PHONE} /> : query !== '' && <Found key={query} query={query} />}
    </section>
  );
}

function Found({ query }: { readonly query: string }) {
  const { data, fault, again } = useAsked<'search'>(`search?q=${encodeURIComponent(query)}`, NEVER_MS);
  if (fault !== undefined) return <FaultNote fault={fault} again={again} />;
  if (data === undefined) return <Loading />;
  const since = data.searchedSince !== null && (
    <p class="muted sub">
      Entries older than <Ago at={data.searchedSince} /> are found only by id.
    </p>
  );
  return (
    <div aria-live="polite">
      {data.found.length === 0 ? (
        <Empty
          what={`No entry found for “${query}”.`}
          hint="Search for an exact id or dedup key, or for the name of a contact in the config."
        />
      ) : (
        <EntryList entries={data.found} label={`Found for ${query}`} />
      )}
      {since}
    </div>
  );
}
