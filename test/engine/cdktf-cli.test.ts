import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mirrorConfig } from "../../cli/tool";
import { packageRoot } from "../../configs/package-root";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { prepare } from "../../host/prepare";
import { EngineProject } from "../support/engine-project";

/** The release that the library's own version goes with. */
const CDKTF_CLI = "cdktf-cli@0.21.0";
const LONG_MS = 10 * 60_000;
const PORT = 18010;

/** The shipped `production`, nine Synapse processes, on a port and a network of its own. */
const project = new EngineProject("e2e-production");
/** 423 MB that nothing else needs: here for this test alone. */
const tool = mkdtempSync(join(tmpdir(), "cdktf-cli-"));

beforeAll(async () => {
  project.useShipped(
    "production",
    (text) => `${text.replace(/^listen:.*(\n .*)*$/m, "")}
docker: { network: 10.123.116.0/22 }
listen: { port: ${PORT} }
images: local
`,
  );
  writeFileSync(
    join(project.dir, "cdktf.json"),
    JSON.stringify({
      language: "typescript",
      app: `${process.execPath} ${join(packageRoot(), "dist", "stacks", "main.js")}`,
      projectId: "e2e",
      sendCrashReports: "false",
    }),
  );
  const { images } = await prepare(project.name, project.dir);
  await buildImages(images.local, new Docker());
  const install = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", tool, CDKTF_CLI], {
    encoding: "utf8",
  });
  if (install.status !== 0) throw new Error(install.stderr);
}, LONG_MS);
afterAll(() => {
  rmSync(tool, { recursive: true, force: true });
  project.removeAll();
}, LONG_MS);

test(
  "`cdktf deploy` of the stock CLI brings up the shipped `production`, and leaves our plan empty",
  async () => {
    const { status, stdout, stderr } = spawnSync(
      join(tool, "node_modules", ".bin", "cdktf"),
      ["deploy", project.name, "--auto-approve", "--skip-provider-lock"],
      {
        cwd: project.dir,
        encoding: "utf8",
        env: {
          ...process.env,
          CI: "true",
          CHECKPOINT_DISABLE: "1",
          TF_CLI_CONFIG_FILE: existsSync(mirrorConfig()) ? mirrorConfig() : "",
        },
      },
    );
    expect({ status, output: status === 0 ? "" : `${stdout}${stderr}` }).toEqual({ status: 0, output: "" });
    expect((await project.kit(["status", project.name])).code).toBe(0);
    expect((await fetch(`http://127.0.0.1:${PORT}/_matrix/client/versions`)).status).toBe(200);
    expect(await project.kit(["plan", project.name, "--detailed-exitcode"])).toMatchObject({ code: 0, stderr: "" });
    expect(await project.kit(["destroy", project.name, "--data"], { input: `${project.name}\n` })).toMatchObject({
      code: 0,
    });
  },
  LONG_MS,
);
