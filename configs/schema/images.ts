import { IMAGE_NAMES, type ImageName } from "../environment";
import { mapping, oneOf, pattern, wordOr } from "./values";

const SOURCES = ["official", "local", "auto"] as const;

/**
 * Repository with a tag other than `latest`, or with a digest: what is deployed must not change by itself. The colon of
 * a registry's port is no tag, since a tag holds no slash.
 */
const REFERENCE = /^[a-z0-9][a-z0-9._:/-]*(:(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$/;

const reference = (name: ImageName) =>
  pattern("an image with a tag other than latest, or a digest", REFERENCE)
    .optional()
    .describe(`Complete reference of the ${name} image. Default: by \`source\``);

const references = Object.fromEntries(IMAGE_NAMES.map((name) => [name, reference(name)])) as Record<
  ImageName,
  ReturnType<typeof reference>
>;

export const images = wordOr(
  SOURCES,
  mapping({ source: oneOf(SOURCES).default("auto").describe("Source of the images not named here"), ...references }),
)
  .default("auto")
  .describe(
    "`official` pulls, `local` builds from distribution packages, `auto` builds where no registry answers; a mapping can name single images",
  );
