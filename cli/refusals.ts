import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";
import type { Changes } from "./changes";
import type { Session } from "./project";

const dataVolumes = (environment: string): string[] => [`${environment}-postgres-data`, `${environment}-synapse-media`];

const exists = async (docker: Docker, volume: string): Promise<boolean> =>
  (await docker.run(["volume", "inspect", volume])).code === 0;

/**
 * The state knows the volume and the engine has it no more. An empty server with the old signing key would be a twin of
 * the real one, or its end.
 * @throws UserError naming the volume
 */
export const refuseEmptyTwin = ({ environment }: Session, { vanished }: Changes): void => {
  const [address] = vanished;
  if (address === undefined) return;
  const volume = `${environment.name}-${address.slice("docker_volume.".length).replaceAll("_", "-")}`;
  throw new UserError(
    `volume ${volume} is gone from this engine, and \`${environment.name}\` was deployed with it: an empty one would ` +
      "take its place. Check which engine this is (`docker.host`, DOCKER_HOST, `docker context show`); put the volume back from a backup; or, if the data is really not needed, " +
      `run \`synapse-kit destroy ${environment.name} --data\` first. Nothing was changed`,
  );
};

/**
 * Lost state means lost secrets: a new signing key would make the server a stranger to its own rooms. A first
 * deployment that broke off has its secrets, and goes on.
 */
const refuseForeignData = async (docker: Docker, changes: Changes, environment: string): Promise<void> => {
  if (!changes.created.includes("random_bytes.signing_key")) return;
  for (const volume of dataVolumes(environment)) {
    if (!(await exists(docker, volume))) continue;
    throw new UserError(
      `volume ${volume} exists, but the state of \`${environment}\` does not know it: the state, and with it the signing key, ` +
        `seems to be lost. Put the state file back (state/${environment}.tfstate), or move the volume away if its data is ` +
        "not needed; nothing was changed",
    );
  }
};

const refuseLosses = (changes: Changes): void => {
  if (changes.losses.length === 0) return;
  throw new UserError(`the change would remove what is stored (${changes.losses.join(", ")}); nothing was done`);
};

/** The folder of a major carries its number. */
const refuseMajorUpgrade = ({ movedData }: Changes): void => {
  if (!movedData) return;
  const [from, to] = [movedData.from, movedData.to].map((folder) => /\/(\d+)\//.exec(folder)?.[1] ?? folder);
  throw new UserError(
    `the data volume holds PostgreSQL ${from} and \`postgres.version\` asks for ${to}: a major upgrade needs a dump and a ` +
      `restore, set \`postgres.version\` back to ${from}; nothing was changed`,
  );
};

/** The same for an environment that is down: no container is left to tell, so the volume is asked. */
const refuseOtherMajor = async ({ docker, environment, prepared }: Session, changes: Changes): Promise<void> => {
  const starts = changes.services.some(({ service, action }) => service === "postgres" && action === "create");
  if (!starts || changes.created.includes("docker_volume.postgres_data")) return;
  const { stdout } = await docker.run([
    "run",
    "--rm",
    `--name=${environment.name}-check-data`,
    "--network=none",
    `--volume=${environment.name}-postgres-data:/data:ro`,
    "--entrypoint=/bin/busybox",
    prepared.images.references.seeder,
    "find",
    "/data",
    "-path",
    "*/docker/PG_VERSION",
  ]);
  const majors = [...stdout.matchAll(/\/(\d+)\/docker\/PG_VERSION/g)].map((match) => match[1] as string);
  const wanted = String(prepared.plan.postgres.version);
  if (majors.length > 0 && !majors.includes(wanted)) {
    refuseMajorUpgrade({
      ...changes,
      movedData: { from: `/${majors[0]}/`, to: `/${wanted}/` },
    });
  }
};

/**
 * Everything that a deployment must not do to what is stored.
 * @throws UserError before anything is changed
 */
export const refuseDamage = async (session: Session, changes: Changes): Promise<void> => {
  refuseLosses(changes);
  refuseMajorUpgrade(changes);
  await refuseForeignData(session.docker, changes, session.environment.name);
  refuseEmptyTwin(session, changes);
  await refuseOtherMajor(session, changes);
};
