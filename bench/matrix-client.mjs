// Requests to a Matrix server.
import { Agent, request } from "node:http";

/** Connections are kept, as browsers and apps do. */
export const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @returns the parsed body of a 200; any other answer is an error */
export const call = (url, method, path, { token, body, signal } = {}) =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(text && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    const sent = request(`${url}/_matrix/client/v3${path}`, { agent, method, headers, signal }, (response) => {
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
