/** A process of its own, as a browser and a Prometheus are: watches the console's live stream and overview, and scrapes. */
const url = process.argv[2] as string;
const OVERVIEW_MS = 2_000;
const SCRAPE_MS = 5_000;

const read = (path: string) => fetch(`${url}${path}`).then((answer) => answer.text());
const every = (ms: number, path: string) => setInterval(() => void read(path).catch(() => undefined), ms);

every(OVERVIEW_MS, '/console/api/overview');
every(SCRAPE_MS, '/metrics');
const live = await fetch(`${url}/console/api/live`);
if (live.body === null || !live.ok) throw new Error(`no live stream: ${live.status}`);
process.stdout.write('watching\n');
await live.body.pipeTo(new WritableStream());
