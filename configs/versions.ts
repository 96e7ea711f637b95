import type { ImageSource, RedisFlavour } from "./environment";

/** Programs whose files depend on the version in their image; Postgres has its own key, and Synapse's is the kit's. */
export type VersionedProgram = "pgbouncer" | "redis" | "nginx";

/** What is known about the versions of a program. */
interface Program {
  readonly label: string;
  /** The oldest that the kit writes files for. */
  readonly oldest: string;
  /** Majors that it writes files for; of the newest one later minors are taken for the newest known. */
  readonly majors: readonly number[];
  /** What the images of `images/manifest.json` hold. */
  readonly official: string;
  readonly local: string;
}

export const PROGRAMS: Readonly<Record<"pgbouncer" | "redis" | "valkey" | "nginx", Program>> = {
  pgbouncer: { label: "PgBouncer", oldest: "1.18", majors: [1], official: "1.25.2", local: "1.26.1" },
  redis: { label: "Redis", oldest: "7.0", majors: [7, 8], official: "8.0.6", local: "8.0.6" },
  valkey: { label: "Valkey", oldest: "8.0", majors: [8, 9], official: "9.1.2", local: "9.1.2" },
  nginx: { label: "Nginx", oldest: "1.22", majors: [1], official: "1.30.6", local: "1.30.6" },
};

const partsOf = (version: string): number[] => version.split(".").map(Number);

/** Whether a version is that one or a later one; parts that are missing count as 0. */
export const isAtLeast = (version: string, other: string): boolean => {
  const [a, b] = [partsOf(version), partsOf(other)];
  const at = [0, 1, 2].find((index) => (a[index] ?? 0) !== (b[index] ?? 0));
  return at === undefined || (a[at] ?? 0) > (b[at] ?? 0);
};

/** The version at the start of an image's tag: 1.25.2 of `edoburu/pgbouncer:v1.25.2-p0`. A digest has none. */
export const versionInTag = (reference: string): string | undefined =>
  /^[^@]*:v?(\d+(?:\.\d+){0,2})(?![\d.])[^/@]*$/.exec(reference)?.[1];

/** What an environment says about a program's version. */
export interface VersionRequest {
  readonly program: VersionedProgram;
  readonly flavour: RedisFlavour;
  readonly source: ImageSource;
  /** Reference of its image, where the environment names one. */
  readonly image?: string | undefined;
  /** The program's `version` key. */
  readonly declared?: string | undefined;
}

/** A version, or where and why there is none. */
export type VersionAnswer =
  | { readonly version: string }
  | { readonly at: "image" | "declared"; readonly problem: string; readonly version: string };

const programOf = ({ program, flavour }: VersionRequest): Program => PROGRAMS[program === "redis" ? flavour : program];

/** `auto` may come to either image, so the older one counts. */
const ownVersion = ({ official, local }: Program, source: ImageSource): string =>
  source === "local" || (source === "auto" && isAtLeast(official, local)) ? local : official;

/** The version that the files are written for; with a problem, the kit's own stands in for it. */
export const versionFor = (request: VersionRequest): VersionAnswer => {
  const { program, image, declared, source } = request;
  const known = programOf(request);
  const own = ownVersion(known, source);
  if (image === undefined) {
    if (declared === undefined) return { version: own };
    const problem = `goes with \`images.${program}\`: the kit's own image holds ${known.label} ${own}`;
    return { at: "declared", problem, version: own };
  }
  const at = declared === undefined ? "image" : "declared";
  const version = declared ?? versionInTag(image);
  if (version === undefined || (at === "image" && !known.majors.includes(partsOf(version)[0] as number))) {
    const problem = `the tag does not tell the version of ${known.label}: say it, as in \`${program}.version: "${own}"\``;
    return { at, problem, version: own };
  }
  if (!isAtLeast(version, known.oldest)) {
    const problem = `${known.label} ${version} is too old: the kit writes files for ${known.oldest} or later`;
    return { at, problem, version: own };
  }
  if (!known.majors.includes(partsOf(version)[0] as number)) {
    const problem = `the kit writes files for ${known.label} ${known.majors.join(" or ")}, got ${version}`;
    return { at, problem, version: own };
  }
  return { version };
};
