import { get } from "node:https";

const TIMEOUT_MS = 3000;

/** Whether a web server answers there at all, whatever it says. */
export const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const sent = get(url, { timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(true);
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(false));
  });

/** Docker's default registry. */
export const IMAGE_REGISTRY = "https://registry-1.docker.io/v2/";
