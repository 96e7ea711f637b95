import type { Images } from "../configs/environment";

/** Debian's and Alpine's builds both (docker-library/postgres), and the images that the kit builds, have lz4. */
const OFFICIAL = /^(?:docker\.io\/)?(?:library\/)?postgres[:@]/;

/** Whether Postgres was built with lz4; of an image that somebody else made nobody knows. */
export const hasLz4 = ({ overrides }: Images): boolean =>
  overrides.postgres === undefined || OFFICIAL.test(overrides.postgres);
