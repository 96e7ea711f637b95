import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import type { KeyPair } from "./certificates";

export interface MailAccount {
  readonly username: string;
  readonly password: string;
}

export interface DeliveredMail {
  readonly at: number;
  /** Of the envelope, which is what servers go by. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly from: string | undefined;
  readonly to: readonly (string | undefined)[];
  readonly subject: string | undefined;
  readonly text: string | undefined;
  readonly html: string | undefined;
}

const POLL_MS = 200;

/** A mail server that takes mail from one account alone, over an encrypted connection alone, and remembers when. */
export class MailInbox {
  readonly mails: DeliveredMail[] = [];
  private readonly server: SMTPServer;

  constructor(address: string, port: number, account: MailAccount, { key, cert }: KeyPair) {
    this.server = new SMTPServer({
      key,
      cert,
      disableReverseLookup: true,
      onAuth: ({ username, password }, _session, callback) => {
        const known = username === account.username && password === account.password;
        callback(known ? null : new Error("no such account"), known ? { user: username } : undefined);
      },
      onData: (stream, { envelope }, callback) => {
        buffer(stream)
          .then(async (letter) => {
            const { from, to, subject, text, html } = await PostalMime.parse(letter);
            this.mails.push({
              at: Date.now(),
              sender: envelope.mailFrom ? envelope.mailFrom.address : "",
              recipients: envelope.rcptTo.map(({ address }) => address),
              from: from?.address,
              to: (to ?? []).map(({ address }) => address),
              subject,
              text,
              html,
            });
            callback();
          })
          .catch(callback);
      },
    });
    this.server.listen(port, address);
  }

  /**
   * Waits for a mail with this subject.
   * @throws when none came within `limitMs` from `since`
   */
  async heard(subject: string, since: number, limitMs: number): Promise<void> {
    const last = since + limitMs;
    while (!this.mails.some(({ at, subject: one }) => at >= since && at <= last && one === subject)) {
      if (Date.now() > last) throw new Error(`no mail came with the subject ${subject} within ${limitMs / 1000} s`);
      await sleep(POLL_MS);
    }
  }

  close(): void {
    this.server.close();
  }
}
