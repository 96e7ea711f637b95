// A load of Matrix clients in one process of its own, so that it can be kept on CPUs of its own and its share be
// reckoned. Takes one job as JSON on standard input and gives the result as JSON on standard output:
//
//   {"do": "prepare", "url", "senders", "members", "label"}   accounts and rooms: one sender and some members to each
//     room; a label begins the names of further ones. With "send_url" and "via" senders and rooms are on another server,
//     whose name is the latter. With "peer": {"name", "key", "destination"} somebody of that server, which this process
//     plays, is in each room: `remote`
//     -> {"rooms": [{"id", "sender", "remote", "members"}]}, with access tokens
//   {"do": "measure", "url", "rooms", "rate", "warm_up_seconds", "seconds", "poll_ms"}
//     -> figures of the window; with "send_url" senders are on another server; with "peer" those of that server send
//   {"do": "operate", "url", "operations"}   requests in turn, each {"method", "path", "token", "body"}
//     -> {"operations": how many, "ms": how long they took}
//
// `begin` and `end` are written on standard error where what is measured starts and ends.
//
// Without a rate the loop is closed: every sender sends its next message when the last was taken. With one it is open:
// messages leave at random moments, `rate` in a second on average, whether or not earlier ones were answered, and
// latencies count from the moment that was meant. Rate 0 leaves the members polling and nobody sending.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Peer } from "./federation/peer.mjs";
import { Signer } from "./federation/signing.mjs";
import { agent, call, sleep } from "./matrix-client.mjs";

const LONG_POLL_MS = 30_000;
/** What is still on its way when the window ends may take this long to arrive. */
const DRAIN_MS = 10_000;
/** In which whoever measures has seen a line of standard error. */
const NOTICED_MS = 1500;
const FIRST_ATTEMPTS = 20;
/** Accounts are made side by side, but not all at once. */
const SIDE_BY_SIDE = 4;

const filter = (limit) =>
  encodeURIComponent(JSON.stringify({ room: { timeline: { limit }, state: { lazy_load_members: true } } }));
/** A first sync asks for little, later ones for whatever came. */
const FIRST = `filter=${filter(1)}&timeout=0`;
const later = (pollMs) => `filter=${filter(100)}&timeout=${pollMs}`;

/** What was paused for minutes finds its connections gone, and makes new ones. */
const untilAnswered = async (ask) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === FIRST_ATTEMPTS) throw error;
      await sleep(1000);
    }
  }
};

// --- accounts and rooms

const register = async (url, username) => {
  const { access_token } = await call(url, "POST", "/register", {
    body: { username, password: username, auth: { type: "m.login.dummy" } },
  });
  return access_token;
};

const peerOf = ({ url, peer }) =>
  peer && new Peer(new Signer(peer.name, peer.key), { url, destination: peer.destination });

const room = async ({ url, send_url = url, via, label = "", members, ...job }, number) => {
  const sender = await register(send_url, `${label}sender${number}`);
  const { room_id: id } = await call(send_url, "POST", "/createRoom", {
    token: sender,
    body: { preset: "public_chat" },
  });
  const tokens = [];
  for (let i = 0; i < members; i += 1) {
    const token = await register(url, `${label}member${number}-${i}`);
    const query = via === undefined ? "" : `?server_name=${encodeURIComponent(via)}`;
    await call(url, "POST", `/join/${encodeURIComponent(id)}${query}`, { token, body: {} });
    tokens.push(token);
  }
  const remote = `${label}remote${number}`;
  await peerOf({ url, ...job })?.join(id, remote);
  return { id, sender, remote, members: tokens };
};

const prepare = async (job) => {
  const rooms = [];
  const numbers = Array.from({ length: job.senders }, (_, i) => i);
  const lane = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      rooms[number] = await room(job, number);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  return { rooms };
};

// --- the load

/** Seeded (mulberry32), so that every run of a rate meets the same moments. */
const randomFrom = (seed) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const percentiles = (samples) => {
  const sorted = [...samples].sort((a, b) => a - b);
  // Nearest rank.
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1), samples: sorted.length };
};

const measure = async ({
  url,
  send_url = url,
  peer,
  rooms,
  rate,
  warm_up_seconds,
  seconds,
  poll_ms = LONG_POLL_MS,
}) => {
  const stop = new AbortController();
  const run = `${Date.now().toString(36)}${process.pid}`;
  /** Milliseconds at which each message was meant to leave, by its number. */
  const left = [];
  const sends = [];
  const deliveries = [];
  let polled = 0;
  const failures = { sends: 0, syncs: 0, first: undefined };
  const taken = [];
  let window = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  const isMeasured = (moment) => moment >= window.from && moment < window.to;
  const failed = (kind, error) => {
    if (stop.signal.aborted) return;
    failures[kind] += 1;
    failures.first ??= error.message;
  };

  const listen = async (token) => {
    const ask = (parameters) => call(url, "GET", `/sync?${parameters}`, { token, signal: stop.signal });
    let { next_batch: since } = await untilAnswered(() => ask(FIRST));
    const poll = async () => {
      while (!stop.signal.aborted) {
        try {
          const answer = await ask(`${later(poll_ms)}&since=${since}`);
          const now = performance.now();
          if (isMeasured(now)) polled += 1;
          since = answer.next_batch;
          for (const { timeline } of Object.values(answer.rooms?.join ?? {})) {
            for (const { content } of timeline.events) {
              const [of, number] = String(content.body).split(" ");
              if (of === run && isMeasured(left[number])) deliveries.push(now - left[number]);
            }
          }
        } catch (error) {
          failed("syncs", error);
          await sleep(100);
        }
      }
    };
    return poll;
  };

  const remote = peerOf({ url, peer });
  const speakers = remote && (await Promise.all(rooms.map((one) => remote.speaker(one.id, one.remote, one.sender))));
  const say = ({ id, sender }, number, body) => {
    if (speakers) return speakers[rooms.findIndex((one) => one.id === id)](body);
    const path = `/rooms/${encodeURIComponent(id)}/send/m.room.message/${run}-${number}`;
    return call(send_url, "PUT", path, { token: sender, body });
  };

  const send = async (to, moment) => {
    const number = left.push(moment) - 1;
    try {
      await say(to, number, { msgtype: "m.text", body: `${run} ${number}` });
      const now = performance.now();
      taken.push(now);
      if (isMeasured(moment)) sends.push(now - moment);
    } catch (error) {
      failed("sends", error);
      await sleep(100);
    }
  };

  const closed = () =>
    rooms.map(async (to) => {
      while (performance.now() < window.to && !stop.signal.aborted) await send(to, performance.now());
    });

  const open = () => {
    const random = randomFrom(1);
    const pending = [];
    const loop = async () => {
      let moment = performance.now();
      for (let turn = 0; moment < window.to; turn += 1) {
        moment += (-Math.log(1 - random()) / rate) * 1000;
        const wait = moment - performance.now();
        if (wait > 0) await sleep(wait);
        pending.push(send(rooms[turn % rooms.length], moment));
      }
      await Promise.all(pending);
    };
    return [loop()];
  };

  // First syncs in turn: all at once they would be a load of their own.
  const polls = [];
  for (const token of rooms.flatMap((one) => one.members)) polls.push(await listen(token));
  const listening = polls.map((poll) => poll());
  const from = performance.now() + warm_up_seconds * 1000;
  window = { from, to: from + seconds * 1000 };
  const sending = rate === 0 ? [] : rate === undefined ? closed() : open();

  await sleep(window.from - performance.now());
  console.error("begin");
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const cpu = process.cpuUsage();
  const began = performance.now();
  await sleep(window.to - performance.now());
  const used = process.cpuUsage(cpu);
  const lasted = (performance.now() - began) / 1000;
  delay.disable();
  console.error("end");

  const meant = left.filter(isMeasured).length;
  const wanted = meant * (rooms[0]?.members.length ?? 0);
  const last = performance.now() + DRAIN_MS;
  const drained = Promise.all(sending);
  await Promise.race([drained, sleep(DRAIN_MS)]);
  while (deliveries.length < wanted && performance.now() < last) await sleep(50);
  stop.abort();
  await Promise.all(listening);
  agent.destroy();
  return {
    seconds: lasted,
    /** Answered within the window, whenever sent. */
    messages: taken.filter(isMeasured).length,
    meant,
    /** Long polls that were answered in it. */
    polls: polled,
    send_ms: percentiles(sends),
    delivery_ms: percentiles(deliveries),
    lost_deliveries: wanted - deliveries.length,
    failures,
    generator: {
      cores: (used.user + used.system) / 1e6 / lasted,
      loop_delay_p99_ms: delay.percentile(99) / 1e6,
    },
  };
};

const operate = async ({ url, operations }) => {
  const took = [];
  console.error("begin");
  await sleep(NOTICED_MS);
  for (const { method, path, token, body } of operations) {
    const from = performance.now();
    await call(url, method, path, { token, body });
    took.push(performance.now() - from);
  }
  console.error("end");
  agent.destroy();
  return { operations: took.length, ms: percentiles(took) };
};

let input = "";
for await (const chunk of process.stdin) input += chunk;
const job = JSON.parse(input);
console.log(JSON.stringify(await { prepare, measure, operate }[job.do](job)));
// A sender that is still waiting holds nothing up.
process.exit(0);
