import { growing, type RuleCase, type RuleCases, scene, steady, step } from "./scene";

const NGINX = 'job="nginx",instance="example.com"';
const NODE = 'job="node",instance="example.com"';
const DISK = `${NODE},device="/dev/vda1",fstype="ext4",mountpoint="/"`;
const CONTAINERS = 'job="containers",instance="example.com"';
const GIB = 1024 ** 3;
const DAY = 86_400;

const FRONT = 'probe_success{job="blackbox",instance="example.com",probe="front-door"}';
const PUBLIC = 'probe_success{job="blackbox",instance="example.com",probe="public"}';
const EXPIRY = 'probe_ssl_earliest_cert_expiry{job="blackbox",instance="example.com",probe="public"}';

const connections = (active: number, waiting: number) => ({
  [`nginx_connections_active{${NGINX}}`]: steady(active),
  [`nginx_connections_waiting{${NGINX}}`]: steady(waiting),
});

const nginx: RuleCases = ({ plan }) => {
  const most = 0.8 * plan.nginx.workerProcesses.value * plan.nginx.workerConnections.value;
  return [
    {
      alert: "NginxDown",
      severity: "page",
      fires: scene(4, { [`up{${NGINX}}`]: step(1, 1, 0) }),
      quiet: [scene(10, { [`up{${NGINX}}`]: steady(1) })],
    },
    {
      alert: "NginxConnectionsHigh",
      severity: "ticket",
      fires: scene(20, connections(Math.floor(most / 2) + 10, 0)),
      quiet: [scene(20, connections(Math.floor(most / 2) + 10, 30))],
    },
  ];
};

const frontDoor: RuleCase = {
  alert: "FrontDoorDown",
  severity: "page",
  fires: scene(5, { [FRONT]: step(1, 1, 0) }),
  quiet: [scene(2, { [FRONT]: step(1, 1, 0) }), scene(10, { [FRONT]: steady(1) })],
};

/** Time begins at 0 in these tests. */
const publicDoor: readonly RuleCase[] = [
  {
    alert: "PublicDoorDown",
    severity: "page",
    fires: scene(10, { [PUBLIC]: step(1, 2, 0) }),
    quiet: [scene(10, { [PUBLIC]: steady(0) }), scene(10, { [PUBLIC]: steady(1) })],
  },
  {
    alert: "CertificateEndsSoon",
    severity: "ticket",
    fires: scene(10, { [EXPIRY]: steady(14 * DAY) }),
    quiet: [scene(10, { [EXPIRY]: steady(14 * DAY + 3600) })],
  },
  {
    alert: "CertificateEndsSoon",
    severity: "page",
    fires: scene(10, { [EXPIRY]: steady(2 * DAY) }),
    besides: [{ alert: "CertificateEndsSoon", severity: "ticket" }],
    quiet: [scene(4, { [EXPIRY]: steady(2 * DAY) })],
  },
];

const disk = (free: string, filesFree = 900) => ({
  [`node_filesystem_avail_bytes{${DISK}}`]: free,
  [`node_filesystem_size_bytes{${DISK}}`]: steady(100 * GIB),
  [`node_filesystem_files_free{${DISK}}`]: steady(filesFree),
  [`node_filesystem_files{${DISK}}`]: steady(1000),
});

/** What is free at first, and GB that go in an hour. */
const filling = (free: number, hourly: number) => disk(growing((-hourly * GIB) / 3600, free * GIB));

const busy = (share: number) => ({
  [`node_cpu_seconds_total{${NODE},cpu="0",mode="user"}`]: growing(share - 0.3),
  [`node_cpu_seconds_total{${NODE},cpu="0",mode="system"}`]: growing(0.3),
  [`node_cpu_seconds_total{${NODE},cpu="0",mode="idle"}`]: growing(1 - share),
  [`node_cpu_seconds_total{${NODE},cpu="1",mode="user"}`]: growing(share),
  [`node_cpu_seconds_total{${NODE},cpu="1",mode="iowait"}`]: growing(1 - share),
});

const host: RuleCases = ({ plan }) => {
  const half = plan.reserves.slack.value.toBytes() / 2;
  const available = `node_memory_MemAvailable_bytes{${NODE}}`;
  return [
    {
      alert: "DiskLow",
      severity: "ticket",
      fires: scene(20, disk(steady(14 * GIB))),
      quiet: [
        scene(20, disk(steady(16 * GIB))),
        scene(20, { ...disk(steady(0)), [`node_filesystem_size_bytes{${DISK}}`]: steady(0) }),
      ],
    },
    {
      alert: "DiskLow",
      severity: "ticket",
      fires: scene(20, disk(steady(80 * GIB), 100)),
      quiet: [scene(5, disk(steady(80 * GIB), 100))],
    },
    {
      alert: "DiskLow",
      severity: "page",
      fires: scene(20, disk(steady(4 * GIB))),
      besides: [{ alert: "DiskLow", severity: "ticket" }],
      quiet: [scene(5, disk(steady(4 * GIB)))],
    },
    {
      alert: "DiskFilling",
      severity: "ticket",
      fires: scene(90, filling(23, 1)),
      quiet: [scene(90, filling(23, 0.5)), scene(90, filling(60, 4))],
    },
    {
      alert: "DiskFilling",
      severity: "page",
      fires: scene(30, filling(24, 7)),
      quiet: [scene(30, filling(24, 4))],
    },
    {
      alert: "HostMemoryLow",
      severity: "ticket",
      fires: scene(20, { [available]: steady(half - 1e6) }),
      quiet: [scene(20, { [available]: steady(half + 1e6) })],
    },
    {
      alert: "HostCpuSaturated",
      severity: "ticket",
      fires: scene(40, busy(0.97)),
      quiet: [scene(40, busy(0.93))],
    },
  ];
};

const STARTED = (name: string): string => `container_start_time_seconds{${CONTAINERS},name="${name}"}`;
/** Started again each minute, so many times. */
const starts = (times: number): string =>
  `${Array.from({ length: times }, (_, index) => `${1000 + index}x1`).join(" ")} ${steady(1000 + times)}`;

const memory = (share: number) => ({
  [`container_memory_rss{${CONTAINERS},name="postgres"}`]: steady(share * GIB),
  [`container_spec_memory_limit_bytes{${CONTAINERS},name="postgres"}`]: steady(GIB),
});

const containers: readonly RuleCase[] = [
  {
    alert: "ContainerMemoryHigh",
    severity: "ticket",
    fires: scene(20, memory(0.96)),
    quiet: [scene(20, memory(0.94)), scene(10, memory(0.96))],
  },
  {
    alert: "ContainerOomKilled",
    severity: "ticket",
    fires: scene(10, { [`container_oom_events_total{${CONTAINERS},name="postgres"}`]: step(0, 5, 1) }),
    quiet: [
      scene(30, { [`container_oom_events_total{${CONTAINERS},name="postgres"}`]: step(0, 5, 1) }),
      scene(10, { [STARTED("redis")]: starts(1), [`node_vmstat_oom_kill{${NODE}}`]: steady(3) }),
    ],
  },
  {
    alert: "ContainerOomKilled",
    severity: "ticket",
    fires: scene(5, { [STARTED("redis")]: starts(1), [`node_vmstat_oom_kill{${NODE}}`]: step(3, 1, 4) }),
    quiet: [scene(5, { [STARTED("redis")]: steady(1000), [`node_vmstat_oom_kill{${NODE}}`]: step(3, 1, 4) })],
  },
  {
    alert: "ContainerRestarting",
    severity: "page",
    fires: scene(10, { [STARTED("synapse-main")]: starts(3) }),
    quiet: [scene(10, { [STARTED("synapse-main")]: starts(2) }), scene(30, { [STARTED("synapse-main")]: starts(3) })],
  },
  {
    alert: "ContainerRestarting",
    severity: "ticket",
    fires: scene(10, { [STARTED("node-exporter")]: starts(3) }),
    quiet: [scene(10, { [STARTED("node-exporter")]: starts(2) })],
  },
];

export const boxCases: RuleCases = (box) => [
  ...nginx(box),
  frontDoor,
  ...(box.environment.publicBaseurl.startsWith("https://") ? publicDoor : []),
  ...host(box),
  ...containers,
];
