const { default: Sequencer } = require("@jest/test-sequencer");

/**
 * Files that take minutes, the longest first: one that begins last keeps half of the machine idle. By itself jest knows no
 * durations in a fresh clone, and takes large files for long ones.
 */
const LONG = [
  "engine/routing",
  "engine/homeserver",
  "engine/monitoring",
  "engine/failures",
  "engine/faults",
  "engine/faults-of-small-layouts",
  "engine/compressor",
  "engine/worst-case",
  "engine/cdktf-cli",
  "programs/compressor",
  "programs/prometheus-rules",
  "programs/nginx-metrics",
  "programs/synapse-caches",
];

const rank = ({ path }) => {
  const place = LONG.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? LONG.length : place;
};

module.exports = class extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
