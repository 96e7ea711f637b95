import { spawn } from "node:child_process";
import { join } from "node:path";
import { UserError } from "../configs/user-error";
import type { Docker } from "./docker";
import { imagesDir, type LocalImage } from "./images";
import { inParallel } from "./in-parallel";

const build = ({ name, tag, base }: LocalImage, host: string | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn("bash", [join(imagesDir(), "build.sh"), name, tag, ...(base === undefined ? [] : [base])], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...(host === undefined ? {} : { DOCKER_HOST: host }) },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.on("close", (code) => {
      if (code === 0) return resolve();
      const tail = output.trimEnd().split("\n").slice(-12).join("\n    ");
      reject(
        new UserError(
          `image ${name} could not be built:\n    ${tail}\nRun the same command again once it can be; nothing was changed`,
        ),
      );
    });
  });

/** Each waits for the network half of the time. */
const AT_ONCE = 2;

/** Builds what is not there yet, on the target engine. */
export const buildImages = async (images: readonly LocalImage[], docker: Docker): Promise<void> => {
  const missing: LocalImage[] = [];
  for (const image of images) {
    const { code } = await docker.run(["image", "inspect", "--format", "{{.Id}}", image.tag]);
    if (code !== 0) missing.push(image);
  }
  const buildAll = (some: readonly LocalImage[]) =>
    inParallel(some, AT_ONCE, async (image) => {
      const started = Date.now();
      console.error(`building image ${image.tag} (once)`);
      await build(image, docker.host);
      console.error(`built image ${image.tag} in ${((Date.now() - started) / 1000).toFixed(0)} s`);
    });
  const [first, ...others] = missing.filter(({ base }) => base === undefined);
  // Alone: it installs what Debian bases are made with.
  if (first) await buildAll([first]);
  await buildAll(others);
  await buildAll(missing.filter(({ base }) => base !== undefined));
};
