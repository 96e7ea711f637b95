// Requests to a Matrix server.
import { Agent, request } from "node:http";

/** Connections are kept, as browsers and apps do. */
export const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @returns the parsed body of a 200; any other answer is an error */
export const send = (url, method, path, { headers = {}, body, signal } = {}) =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const all = {
      ...headers,
      ...(text && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    const sent = request(`${url}${path}`, { agent, method, headers: all, signal }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(JSON.parse(answer));
        else reject(new Error(`${method} ${path.split("?")[0]}: ${response.statusCode} ${answer.slice(0, 200)}`));
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });

/** The same of the client-server API. */
export const call = (url, method, path, { token, ...options } = {}) =>
  send(url, method, `/_matrix/client/v3${path}`, {
    ...options,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
