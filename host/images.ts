import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, IMAGE_NAMES, type ImageName } from "../configs/environment";
import { packageRoot } from "../configs/package-root";
import { UserError } from "../configs/user-error";
import { containersOf, type Plan, type ServiceName } from "../sizing/plan";

/** One row of `images/manifest.json`: an image that the kit can build and the official one that it stands for. */
export interface ManifestImage {
  readonly name: string;
  /** Null where nobody publishes one: it is built on another image, whatever the source. */
  readonly official: string | null;
  readonly version: string;
  /** Folder below `images/` that it is built from; null where no distribution has the package. */
  readonly dir: string | null;
  readonly base: string | null;
  readonly args: Readonly<Record<string, string>>;
}

/** What every image is built with besides its own folder and its base's. */
const SHARED_SOURCES = ["base.sh", "image-install"];

/** Which image of the manifest an environment needs for a service. */
export const manifestName = (environment: Environment, image: ImageName): string => {
  if (image === "postgres") return `postgres-${environment.postgres.version}`;
  return image === "redis" ? environment.redis.flavour : image.replaceAll("_", "-");
};

export const imagesDir = (): string => join(packageRoot(), "images");

export const readManifest = (): readonly ManifestImage[] =>
  JSON.parse(readFileSync(join(imagesDir(), "manifest.json"), "utf8"));

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Tag that holds a hash of everything the image is built from: equal sources give an equal tag, on any machine. */
export const localTag = (image: ManifestImage): string => {
  const { dir, base } = image;
  if (dir === null || base === null) {
    throw new UserError(
      `no image of ${image.name} can be built here, as no distribution in use has the package: set its reference in \`images\`, or choose another version`,
    );
  }
  const hash = createHash("sha256").update(JSON.stringify(image.args));
  const files = [
    ...[dir, base].flatMap((folder) => filesBelow(join(imagesDir(), folder))),
    ...SHARED_SOURCES.map((file) => join(imagesDir(), file)),
  ];
  for (const file of files) {
    hash.update(file.slice(imagesDir().length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return `synapse-kit/${image.name}:${image.version}-${hash.digest("hex").slice(0, 12)}`;
};

/** Images of an environment that have to be built before it can run: name in `images/` and tag. */
export interface LocalImage {
  readonly name: string;
  readonly tag: string;
  /** Reference of the image that it is built on, where that is no Debian base of `images/`. */
  readonly base?: string;
}

/**
 * The state compressor, built on the Synapse image in use, official or local.
 * @param synapse - complete reference of that image
 */
export const compressorImage = (synapse: string): LocalImage & { readonly base: string } => {
  const folder = join(imagesDir(), "compressor");
  const { version } = readManifest().find(({ name }) => name === "compressor") as ManifestImage;
  const hash = createHash("sha256").update(synapse);
  for (const file of filesBelow(folder)) {
    hash.update(file.slice(folder.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return {
    name: "compressor",
    tag: `synapse-kit/compressor:${version}-${hash.digest("hex").slice(0, 12)}`,
    base: synapse,
  };
};

export interface ResolvedImages {
  readonly references: Readonly<Record<ImageName, string>>;
  /** Empty with official images. */
  readonly local: readonly LocalImage[];
}

/** Programs that run in the image of another. */
const BORROWED: Readonly<Partial<Record<ServiceName, ImageName>>> = {
  "container-exporter": "synapse",
  "matrix-notifier": "synapse",
};

/** Images that the containers of a plan need. */
const imagesOf = (plan: Plan): ReadonlySet<string> =>
  new Set(["seeder", ...containersOf(plan).map(({ service }) => BORROWED[service] ?? service.replaceAll("-", "_"))]);

/**
 * Complete reference of every image of an environment.
 * @param source - what `images.source` came to: `auto` has been decided by then
 * @throws UserError where an image can only be pulled
 */
export const resolveImages = (environment: Environment, plan: Plan, source: "official" | "local"): ResolvedImages => {
  const manifest = readManifest();
  const needed = imagesOf(plan);
  const local: LocalImage[] = [];
  const referenceOf = (name: ImageName): string => {
    const override = environment.images.overrides[name];
    if (override !== undefined) return override;
    const row = manifest.find((one) => one.name === manifestName(environment, name)) as ManifestImage;
    // One that nothing needs is not built, and need not be to be had.
    if (row.official !== null && (source === "official" || !needed.has(name))) return row.official;
    const image =
      row.official === null ? compressorImage(referenceOf("synapse")) : { name: row.name, tag: localTag(row) };
    if (needed.has(name) && !local.some(({ tag }) => tag === image.tag)) local.push(image);
    return image.tag;
  };
  const references = Object.fromEntries(IMAGE_NAMES.map((name) => [name, referenceOf(name)])) as Record<
    ImageName,
    string
  >;
  return { references, local };
};
