// Another Matrix server as ours meets it, in rooms of version 11 and later.
import { call, send } from "../matrix-client.mjs";
import { eventIdOf, signedEvent } from "./event.mjs";

/** In one transaction, by the specification. */
const MOST_EVENTS = 50;

const encoded = encodeURIComponent;

/** Joins rooms of ours and sends events, one transaction at a time; what comes meanwhile goes into the next. */
export class Peer {
  #signer;
  #url;
  #destination;
  #waiting = [];
  #isSending = false;
  #transactions = 0;

  /**
   * @param signer - name and key; the name is an address with a port, so that nothing is looked up
   * @param to - base URL and name of our server
   */
  constructor(signer, { url, destination }) {
    this.#signer = signer;
    this.#url = url;
    this.#destination = destination;
  }

  /** Joins a public room. */
  async join(room, localpart) {
    const { event } = await this.#template(room, this.#user(localpart));
    const signed = signedEvent(this.#signer, event);
    await this.#ask("PUT", `/v2/send_join/${encoded(room)}/${encoded(eventIdOf(signed))}`, signed);
  }

  /**
   * Goes on where a room is.
   * @param token - of somebody on our server who is in it
   * @returns takes the content of a message, and gives a promise of its having been taken
   */
  async speaker(room, localpart, token) {
    const sender = this.#user(localpart);
    const state = await call(this.#url, "GET", `/rooms/${encoded(room)}/state`, { token });
    const idOf = (type, key = "") => state.find((one) => one.type === type && one.state_key === key).event_id;
    const { event, version } = await this.#template(room, sender);
    const auth_events = [idOf("m.room.power_levels"), idOf("m.room.member", sender)];
    // From version 12 on the room's ID is that of its first event.
    if (version < 12) auth_events.push(idOf("m.room.create"));
    let { prev_events, depth } = event;
    return (content) => {
      const about = { type: "m.room.message", room_id: room, sender, content, origin_server_ts: Date.now() };
      const pdu = signedEvent(this.#signer, { ...about, prev_events, auth_events, depth });
      prev_events = [eventIdOf(pdu)];
      depth += 1;
      return this.#deliver(pdu);
    };
  }

  /** What is of the moment alone, such as typing: nobody stores it. */
  tell(edu_type, content) {
    return this.#transaction({ edus: [{ edu_type, content }] });
  }

  #deliver(pdu) {
    return new Promise((taken, refused) => {
      this.#waiting.push({ pdu, taken, refused });
      this.#work();
    });
  }

  async #work() {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, MOST_EVENTS);
      const answer = await this.#transaction({ pdus: some.map(({ pdu }) => pdu) }).catch((error) => ({ error }));
      for (const { pdu, taken, refused } of some) {
        const { error } = answer.pdus?.[eventIdOf(pdu)] ?? answer;
        if (error === undefined) taken();
        else refused(new Error(error.message ?? error));
      }
    }
    this.#isSending = false;
  }

  #user(localpart) {
    return `@${localpart}:${this.#signer.name}`;
  }

  /** What joins now would look like: after which events, and how deep. */
  async #template(room, user) {
    const path = `/v1/make_join/${encoded(room)}/${encoded(user)}?ver=11&ver=12`;
    const { event, room_version } = await this.#ask("GET", path);
    return { event: { ...event, origin_server_ts: Date.now() }, version: Number(room_version) };
  }

  #transaction({ pdus = [], edus = [] }) {
    this.#transactions += 1;
    const id = `${Date.now()}-${process.pid}-${this.#transactions}`;
    const body = { origin: this.#signer.name, origin_server_ts: Date.now(), pdus, edus };
    return this.#ask("PUT", `/v1/send/${id}`, body);
  }

  #ask(method, path, body) {
    const uri = `/_matrix/federation${path}`;
    const [origin, destination] = [this.#signer.name, this.#destination];
    const sig = this.#signer.signatureOf({ method, uri, origin, destination, ...(body && { content: body }) });
    const fields = { origin, destination, key: this.#signer.keyId, sig };
    const authorization = `X-Matrix ${Object.entries(fields)
      .map(([name, value]) => `${name}="${value}"`)
      .join(",")}`;
    return send(this.#url, method, uri, { headers: { authorization }, body });
  }
}
