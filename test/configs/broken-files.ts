/** Files with mistakes in them, and every line of the message that each gets, without the file's name in front. */
export type BrokenFile = readonly [mistake: string, yaml: string, ...messages: string[]];

const S = "server_name: example.com\n";

const TOP =
  "server_name, public_baseurl, hardware, expected, docker, listen, images, state, postgres, pgbouncer, redis, synapse, nginx, monitoring, compressor";
const POSTGRES =
  "version, jit, memory, shared_buffers, work_mem, maintenance_work_mem, max_connections, max_wal_size, huge_pages, synchronous_commit, table_parameters, settings";
const SYNAPSE =
  "workers, worker_counts, registration, presence, report_stats, max_upload_size, url_previews, log_level, global_cache_factor, cp_max, rate_limits, sentry_dsn, federation_domain_whitelist, settings";
const WORKERS = "auto, none, two, three, eight or seventeen, or a mapping of groups, each with roles and count";
const ROLES =
  "media_repository, typing, to_device, receipts, push_rules, presence, account_data, device_lists, thread_subscriptions, initial_sync, sync, sliding_sync, pagination, event_creator, client_reader, login, sso, user_directory, federation_inbound, federation_reader, federation_sender, event_persister, pusher, appservice";
const GROUP = "expected a group name of small letters and digits, at most 20, a letter first and last, got";
const LIMITS =
  "rc_message, rc_registration, rc_registration_token_validity, rc_login, rc_admin_redaction, rc_joins, rc_joins_per_room, rc_key_requests, rc_3pid_validation, rc_invites, rc_third_party_invite, rc_media_create, rc_presence, rc_delayed_event_mgmt, rc_room_creation, rc_reports, rc_profile, rc_user_directory";

export const BROKEN_FILES: readonly BrokenFile[] = [
  ["an empty file", "", "1:1: the file is empty: it needs at least `server_name: example.com`"],
  [
    "a file of comments",
    "# nothing yet\n\n# still nothing\n",
    "1:1: the file is empty: it needs at least `server_name: example.com`",
  ],
  ["an explicit null", "null\n", "1:1: the file is empty: it needs at least `server_name: example.com`"],
  [
    "a document start and nothing else",
    "---\n",
    "1:1: the file is empty: it needs at least `server_name: example.com`",
  ],
  [
    "a list at the top",
    "- server_name: example.com\n",
    "1:1: expected settings such as `server_name: example.com`, got a list",
  ],
  [
    "a text at the top",
    "example.com\n",
    '1:1: expected settings such as `server_name: example.com`, got "example.com"',
  ],
  ["a number at the top", "42\n", "1:1: expected settings such as `server_name: example.com`, got 42"],
  ["an unclosed bracket", "server_name: [example.com\n", "2:1: no valid YAML: deficient indentation"],
  ["an unclosed quote", 'server_name: "example.com\n', "2:1: no valid YAML: deficient indentation"],
  [
    "a tab as indentation",
    `${S}listen:\n\tport: 80\n`,
    "3:1: no valid YAML: tab characters must not be used in indentation",
  ],
  [
    "two values on one line",
    "server_name: example.com: 8448\n",
    "1:25: no valid YAML: bad indentation of a mapping entry",
  ],
  [
    "a dedent into nowhere",
    "postgres:\n    jit: true\n  version: 17\n",
    "3:3: no valid YAML: bad indentation of a mapping entry",
  ],
  ["an alias without an anchor", "server_name: *name\n", '1:15: no valid YAML: unidentified alias "name"'],
  [
    "several documents",
    `${S}---\nserver_name: example.com\n`,
    "3:1: a second document begins here: a file holds one environment",
  ],
  [
    "a duplicate key at the top",
    `${S}server_name: example.org\n`,
    "2:1: `server_name`: duplicate key, first in line 1",
  ],
  [
    "a duplicate key below",
    `${S}listen:\n  port: 80\n  port: 81\n`,
    "4:3: `listen.port`: duplicate key, first in line 3",
  ],
  [
    "no server name",
    "listen:\n  port: 80\n",
    "1:1: `server_name`: is missing: expected a Matrix server name such as example.com",
  ],
  [
    "a server name of null",
    "server_name:\n",
    "1:1: `server_name`: expected a Matrix server name such as example.com, got nothing",
  ],
  [
    "a number as server name",
    "server_name: 42\n",
    "1:14: `server_name`: expected a Matrix server name such as example.com, got 42",
  ],
  [
    "a server name with a scheme",
    "server_name: https://example.com\n",
    '1:14: `server_name`: expected a Matrix server name such as example.com, got "https://example.com"',
  ],
  [
    "a server name with a path",
    "server_name: example.com/\n",
    '1:14: `server_name`: expected a Matrix server name such as example.com, got "example.com/"',
  ],
  [
    "a server name with a space",
    "server_name: example .com\n",
    '1:14: `server_name`: expected a Matrix server name such as example.com, got "example .com"',
  ],
  [
    "an empty server name",
    'server_name: ""\n',
    '1:14: `server_name`: expected a Matrix server name such as example.com, got ""',
  ],
  [
    "a server name with a long port",
    "server_name: example.com:123456\n",
    '1:14: `server_name`: expected a Matrix server name such as example.com, got "example.com:123456"',
  ],
  [
    "a server name with an underscore",
    "server_name: my_server.example.com\n",
    '1:14: `server_name`: expected a Matrix server name such as example.com, got "my_server.example.com"',
  ],
  [
    "a server name with a capital letter",
    "server_name: Example.com\n",
    '1:14: `server_name`: expected small letters, "example.com", got "Example.com": Matrix compares server names letter by letter, and other programs write them small',
  ],
  [
    "a server name that ends in a dot",
    "server_name: example.com.\n",
    '1:14: `server_name`: expected a Matrix server name such as example.com, got "example.com."',
  ],
  [
    "a base URL with a path",
    `${S}public_baseurl: https://example.com/matrix\n`,
    '2:17: `public_baseurl`: expected an address such as https://matrix.example.com, without a path, got "https://example.com/matrix"',
  ],
  [
    "a base URL with a slash at the end",
    `${S}public_baseurl: https://example.com/\n`,
    '2:17: `public_baseurl`: expected an address such as https://matrix.example.com, without a path, got "https://example.com/"',
  ],
  [
    "a base URL without a scheme",
    `${S}public_baseurl: example.com\n`,
    '2:17: `public_baseurl`: expected an address such as https://matrix.example.com, without a path, got "example.com"',
  ],
  [
    "a base URL of another scheme",
    `${S}public_baseurl: ftp://example.com\n`,
    '2:17: `public_baseurl`: expected an address such as https://matrix.example.com, without a path, got "ftp://example.com"',
  ],
  [
    "a base URL that is a number",
    `${S}public_baseurl: 80\n`,
    "2:17: `public_baseurl`: expected an address such as https://matrix.example.com, without a path, got 80",
  ],
  [
    "a misspelt key at the top",
    `${S}postgress:\n  jit: true\n`,
    `2:1: \`postgress\`: unknown key; did you mean \`postgres\`? Allowed: ${TOP}`,
  ],
  ["an unknown key at the top", `${S}email: a@example.com\n`, `2:1: \`email\`: unknown key; allowed: ${TOP}`],
  [
    "a capital letter in a key",
    `${S}Postgres:\n  jit: true\n`,
    `2:1: \`Postgres\`: unknown key; did you mean \`postgres\`? Allowed: ${TOP}`,
  ],
  [
    "two unknown keys, each with its line",
    `${S}redid: {}\nngnix: {}\n`,
    `2:1: \`redid\`: unknown key; did you mean \`redis\`? Allowed: ${TOP}`,
    `3:1: \`ngnix\`: unknown key; did you mean \`nginx\`? Allowed: ${TOP}`,
  ],
  [
    "a key with a dash",
    "server-name: example.com\n",
    "1:1: `server_name`: is missing: expected a Matrix server name such as example.com",
    `1:1: \`server-name\`: unknown key; did you mean \`server_name\`? Allowed: ${TOP}`,
  ],
  [
    "an unknown profile",
    `${S}hardware: huge\n`,
    '2:11: `hardware`: expected auto, small, medium, large, xlarge or xxlarge, or a mapping of ram, cpus, disk, got "huge"',
  ],
  [
    "a misspelt profile",
    `${S}hardware: xlage\n`,
    '2:11: `hardware`: expected auto, small, medium, large, xlarge or xxlarge, or a mapping of ram, cpus, disk, got "xlage"; did you mean xlarge?',
  ],
  [
    "hardware of a list",
    `${S}hardware: [4GB, 2]\n`,
    "2:11: `hardware`: expected auto, small, medium, large, xlarge or xxlarge, or a mapping of ram, cpus, disk, got a list",
  ],
  [
    "hardware of a number",
    `${S}hardware: 4\n`,
    "2:11: `hardware`: expected auto, small, medium, large, xlarge or xxlarge, or a mapping of ram, cpus, disk, got 4",
  ],
  [
    "a misspelt key of the hardware",
    `${S}hardware:\n  ram: 4GB\n  cpu: 2\n`,
    "4:3: `hardware.cpu`: unknown key; did you mean `cpus`? Allowed: ram, cpus, disk",
  ],
  [
    "RAM without CPUs",
    `${S}hardware:\n  ram: 4GB\n`,
    "3:3: `hardware.ram`: needs `cpus` beside it: say both, or none to read them from the host",
  ],
  [
    "CPUs without RAM",
    `${S}hardware:\n  cpus: 2\n`,
    "3:3: `hardware.cpus`: needs `ram` beside it: say both, or none to read them from the host",
  ],
  [
    "RAM without a unit",
    `${S}hardware:\n  ram: 4\n  cpus: 2\n`,
    "3:8: `hardware.ram`: expected a size such as 512MB or 4GB, got 4",
  ],
  [
    "RAM in words",
    `${S}hardware:\n  ram: a lot\n  cpus: 2\n`,
    '3:8: `hardware.ram`: expected a size such as 512MB or 4GB, got "a lot"',
  ],
  [
    "negative RAM",
    `${S}hardware:\n  ram: -4GB\n  cpus: 2\n`,
    '3:8: `hardware.ram`: expected a size such as 512MB or 4GB, got "-4GB"',
  ],
  [
    "no CPUs",
    `${S}hardware:\n  ram: 4GB\n  cpus: 0\n`,
    "4:9: `hardware.cpus`: expected a number of CPUs from 0.25 to 1024, got 0",
  ],
  [
    "CPUs as a text",
    `${S}hardware:\n  ram: 4GB\n  cpus: two\n`,
    '4:9: `hardware.cpus`: expected a number of CPUs from 0.25 to 1024, got "two"',
  ],
  [
    "a machine of a sliver of a CPU",
    `${S}hardware:\n  ram: 4GB\n  cpus: 0.0001\n`,
    "4:9: `hardware.cpus`: expected a number of CPUs from 0.25 to 1024, got 0.0001",
  ],
  [
    "a machine of a billion CPUs",
    `${S}hardware:\n  ram: 4GB\n  cpus: 1e9\n`,
    "4:9: `hardware.cpus`: expected a number of CPUs from 0.25 to 1024, got 1000000000",
  ],
  [
    "more RAM than any machine has",
    `${S}hardware:\n  ram: 999999999TB\n  cpus: 2\n`,
    '3:8: `hardware.ram`: expected a size of at most 4 TB, got "999999999TB"',
  ],
  [
    "an unknown kind of disk",
    `${S}hardware:\n  ram: 4GB\n  cpus: 2\n  disk: floppy\n`,
    '5:9: `hardware.disk`: expected nvme, ssd, hdd or network, or a mapping of kind, size, got "floppy"',
  ],
  [
    "a disk with a misspelt key",
    `${S}hardware:\n  ram: 4GB\n  cpus: 2\n  disk:\n    kind: ssd\n    sise: 5GB\n`,
    "7:5: `hardware.disk.sise`: unknown key; did you mean `size`? Allowed: kind, size",
  ],
  [
    "a disk without a kind",
    `${S}hardware:\n  ram: 4GB\n  cpus: 2\n  disk:\n    size: 500GB\n`,
    "5:3: `hardware.disk.kind`: is missing: expected nvme, ssd, hdd or network",
  ],
  [
    "a disk with a size without a unit",
    `${S}hardware:\n  ram: 4GB\n  cpus: 2\n  disk:\n    kind: ssd\n    size: 500\n`,
    "7:11: `hardware.disk.size`: expected a size such as 512MB or 4GB, got 500",
  ],
  [
    "a negative number of users",
    `${S}expected:\n  users: -1\n`,
    "3:10: `expected.users`: expected a whole number above 0, got -1",
  ],
  ["half a user", `${S}expected:\n  users: 1.5\n`, "3:10: `expected.users`: expected a whole number above 0, got 1.5"],
  [
    "users in words",
    `${S}expected:\n  users: many\n`,
    '3:10: `expected.users`: expected a whole number above 0, got "many"',
  ],
  [
    "an event rate of zero",
    `${S}expected:\n  events_per_second: 0\n`,
    "3:22: `expected.events_per_second`: expected a number above 0, got 0",
  ],
  [
    "an unknown kind of federation",
    `${S}expected:\n  federation: public\n`,
    '3:15: `expected.federation`: expected closed, small or open, got "public"',
  ],
  [
    "a misspelt kind of federation",
    `${S}expected:\n  federation: close\n`,
    '3:15: `expected.federation`: expected closed, small or open, got "close"; did you mean closed?',
  ],
  [
    "federation as a boolean",
    `${S}expected:\n  federation: no\n`,
    '3:15: `expected.federation`: expected closed, small or open, got "no"',
  ],
  [
    "a misspelt key of what is expected",
    `${S}expected:\n  user: 5\n`,
    "3:3: `expected.user`: unknown key; did you mean `users`? Allowed: users, events_per_second, fan_out, federation",
  ],
  ["what is expected as a text", `${S}expected: open\n`, '2:11: `expected`: expected a mapping, got "open"'],
  ["what is expected left empty", `${S}expected:\n`, "2:1: `expected`: expected a mapping, got nothing"],
  [
    "an engine without a scheme",
    `${S}docker:\n  host: example.com\n`,
    '3:9: `docker.host`: expected an engine such as ssh://user@host or unix:///var/run/docker.sock, got "example.com"',
  ],
  [
    "a network of the wrong size",
    `${S}docker:\n  network: 10.89.4.0/24\n`,
    '3:12: `docker.network`: expected a private /22 such as 10.89.4.0/22, got "10.89.4.0/24"',
  ],
  [
    "a network off its boundary",
    `${S}docker:\n  network: 10.89.5.0/22\n`,
    '3:12: `docker.network`: expected a private /22 such as 10.89.4.0/22, got "10.89.5.0/22"',
  ],
  [
    "a network with an octet that is too large",
    `${S}docker:\n  network: 10.300.4.0/22\n`,
    '3:12: `docker.network`: expected a private /22 such as 10.89.4.0/22, got "10.300.4.0/22"',
  ],
  ["a port of zero", `${S}listen:\n  port: 0\n`, "3:9: `listen.port`: expected a port from 1 to 65535, got 0"],
  [
    "a port that is too large",
    `${S}listen:\n  port: 70000\n`,
    "3:9: `listen.port`: expected a port from 1 to 65535, got 70000",
  ],
  [
    "a port in quotes",
    `${S}listen:\n  port: "8008"\n`,
    '3:9: `listen.port`: expected a port from 1 to 65535, got "8008"',
  ],
  [
    "a port with a fraction",
    `${S}listen:\n  port: 80.5\n`,
    "3:9: `listen.port`: expected a port from 1 to 65535, got 80.5",
  ],
  [
    "a host name to listen on",
    `${S}listen:\n  address: localhost\n`,
    '3:12: `listen.address`: expected an IPv4 address of the host, got "localhost"',
  ],
  [
    "an IPv6 address to listen on",
    `${S}listen:\n  address: "::1"\n`,
    '3:12: `listen.address`: expected an IPv4 address of the host, got "::1"',
  ],
  [
    "a misspelt key of the listener",
    `${S}listen:\n  adress: 0.0.0.0\n`,
    "3:3: `listen.adress`: unknown key; did you mean `address`? Allowed: address, port",
  ],
  [
    "an unknown source of images",
    `${S}images: dockerhub\n`,
    '2:9: `images`: expected official, local or auto, or a mapping of source, postgres, pgbouncer, redis, synapse, nginx, seeder, prometheus, alertmanager, grafana, node_exporter, postgres_exporter, pgbouncer_exporter, redis_exporter, blackbox_exporter, compressor, got "dockerhub"',
  ],
  [
    "an image with the tag latest",
    `${S}images:\n  postgres: postgres:latest\n`,
    '3:13: `images.postgres`: expected an image with a tag other than latest, or a digest, got "postgres:latest"',
  ],
  [
    "an image without a tag",
    `${S}images:\n  redis: redis\n`,
    '3:10: `images.redis`: expected an image with a tag other than latest, or a digest, got "redis"',
  ],
  [
    "an image with a short digest",
    `${S}images:\n  nginx: nginx@sha256:abc\n`,
    '3:10: `images.nginx`: expected an image with a tag other than latest, or a digest, got "nginx@sha256:abc"',
  ],
  [
    "an image with a capital letter",
    `${S}images:\n  nginx: Nginx:1.29\n`,
    '3:10: `images.nginx`: expected an image with a tag other than latest, or a digest, got "Nginx:1.29"',
  ],
  [
    "a misspelt image",
    `${S}images:\n  postgre: postgres:18.1\n`,
    "3:3: `images.postgre`: unknown key; did you mean `postgres`? Allowed: source, postgres, pgbouncer, redis, synapse, nginx, seeder, prometheus, alertmanager, grafana, node_exporter, postgres_exporter, pgbouncer_exporter, redis_exporter, blackbox_exporter, compressor",
  ],
  [
    "an image that is a number",
    `${S}images:\n  synapse: 1.163\n`,
    "3:12: `images.synapse`: expected an image with a tag other than latest, or a digest, got 1.163",
  ],
  [
    "images of a list",
    `${S}images: [local]\n`,
    "2:9: `images`: expected official, local or auto, or a mapping of source, postgres, pgbouncer, redis, synapse, nginx, seeder, prometheus, alertmanager, grafana, node_exporter, postgres_exporter, pgbouncer_exporter, redis_exporter, blackbox_exporter, compressor, got a list",
  ],
  [
    "a misspelt source of images in a mapping",
    `${S}images:\n  source: locl\n`,
    '3:11: `images.source`: expected official, local or auto, got "locl"; did you mean local?',
  ],
  [
    "an unknown backend",
    `${S}state:\n  backend: gcs\n`,
    '3:12: `state.backend`: expected local, s3, http or pg, got "gcs"',
  ],
  [
    "a setting that the backend does not have",
    `${S}state:\n  backend: pg\n  config:\n    schema: x\n`,
    "5:5: `state.config.schema`: unknown key; allowed with `pg`: schema_name, skip_schema_creation, skip_table_creation, skip_index_creation; the connection comes from PG_CONN_STR",
  ],
  [
    "a credential of the backend",
    `${S}state:\n  backend: pg\n  config:\n    conn_str: postgres://u:p@h/d\n`,
    "5:5: `state.config.conn_str`: unknown key; allowed with `pg`: schema_name, skip_schema_creation, skip_table_creation, skip_index_creation; the connection comes from PG_CONN_STR",
  ],
  [
    "the kit's own mark of a secret",
    `${S}synapse:\n  settings:\n    auto_join_rooms: ["#{{secret:signing_key}}:a.b"]\n`,
    "4:23: `synapse.settings.auto_join_rooms[0]`: `{{secret:` stands for the kit's own secrets and cannot be written here",
  ],
  [
    "a nested value for the backend",
    `${S}state:\n  backend: s3\n  config:\n    bucket: [a]\n`,
    "5:13: `state.config.bucket`: expected a text, a number, true or false, got a list",
  ],
  [
    "a Postgres version that is too old",
    `${S}postgres:\n  version: 15\n`,
    "3:12: `postgres.version`: expected one of the numbers 16, 17, 18, got 15",
  ],
  [
    "a Postgres version in quotes",
    `${S}postgres:\n  version: "18"\n`,
    '3:12: `postgres.version`: expected one of the numbers 16, 17, 18, got "18"',
  ],
  [
    "a Postgres version with a minor",
    `${S}postgres:\n  version: 18.1\n`,
    "3:12: `postgres.version`: expected one of the numbers 16, 17, 18, got 18.1",
  ],
  [
    "a Postgres version of a mapping",
    `${S}postgres:\n  version: {major: 18}\n`,
    "3:12: `postgres.version`: expected one of the numbers 16, 17, 18, got a mapping",
  ],
  ["a switch in words", `${S}postgres:\n  jit: off\n`, '3:8: `postgres.jit`: expected true or false, got "off"'],
  ["a switch that is a number", `${S}postgres:\n  jit: 1\n`, "3:8: `postgres.jit`: expected true or false, got 1"],
  [
    "a size without a unit",
    `${S}postgres:\n  shared_buffers: 1024\n`,
    "3:19: `postgres.shared_buffers`: expected a size such as 512MB or 4GB, got 1024",
  ],
  [
    "a size with an unknown unit",
    `${S}postgres:\n  work_mem: 4PB\n`,
    '3:13: `postgres.work_mem`: expected a size such as 512MB or 4GB, got "4PB"',
  ],
  [
    "a size with a comma",
    `${S}postgres:\n  memory: 1,5GB\n`,
    '3:11: `postgres.memory`: expected a size such as 512MB or 4GB, got "1,5GB"',
  ],
  [
    "a size of null",
    `${S}postgres:\n  max_wal_size:\n`,
    "3:3: `postgres.max_wal_size`: expected a size such as 512MB or 4GB, got nothing",
  ],
  [
    "connections with a fraction",
    `${S}postgres:\n  max_connections: 10.5\n`,
    "3:20: `postgres.max_connections`: expected a whole number above 0, got 10.5",
  ],
  [
    "huge pages of true",
    `${S}postgres:\n  huge_pages: true\n`,
    "3:15: `postgres.huge_pages`: expected try, on or off, got true",
  ],
  [
    "a misspelt key of Postgres",
    `${S}postgres:\n  shared_bufers: 1GB\n`,
    `3:3: \`postgres.shared_bufers\`: unknown key; did you mean \`shared_buffers\`? Allowed: ${POSTGRES}`,
  ],
  [
    "a Postgres setting at the wrong level",
    `${S}postgres:\n  random_page_cost: 1.1\n`,
    `3:3: \`postgres.random_page_cost\`: unknown key; allowed: ${POSTGRES}`,
  ],
  [
    "a Postgres setting that is a list",
    `${S}postgres:\n  settings:\n    autovacuum: [on]\n`,
    "4:17: `postgres.settings.autovacuum`: expected a text, a number, true or false, got a list",
  ],
  ["Postgres as a list", `${S}postgres: [18]\n`, "2:11: `postgres`: expected a mapping, got a list"],
  [
    "a pooler switched by a word",
    `${S}pgbouncer:\n  enabled: maybe\n`,
    '3:12: `pgbouncer.enabled`: expected true, false or auto, got "maybe"',
  ],
  [
    "a pool of nothing",
    `${S}pgbouncer:\n  pool_size: 0\n`,
    "3:14: `pgbouncer.pool_size`: expected a whole number above 0, got 0",
  ],
  [
    "a misspelt key of PgBouncer",
    `${S}pgbouncer:\n  poolsize: 5\n`,
    "3:3: `pgbouncer.poolsize`: unknown key; did you mean `pool_size`? Allowed: enabled, version, pool_size, settings",
  ],
  [
    "an unknown flavour",
    `${S}redis:\n  flavour: keydb\n`,
    '3:12: `redis.flavour`: expected redis or valkey, got "keydb"',
  ],
  [
    "the American spelling",
    `${S}redis:\n  flavor: valkey\n`,
    "3:3: `redis.flavor`: unknown key; did you mean `flavour`? Allowed: flavour, version, maxmemory, settings",
  ],
  [
    "a limit of memory without a unit",
    `${S}redis:\n  maxmemory: 100\n`,
    "3:14: `redis.maxmemory`: expected a size such as 512MB or 4GB, got 100",
  ],
  [
    "an unknown layout of workers",
    `${S}synapse:\n  workers: four\n`,
    `3:12: \`synapse.workers\`: expected ${WORKERS}, got "four"`,
  ],
  ["a number of workers", `${S}synapse:\n  workers: 2\n`, `3:12: \`synapse.workers\`: expected ${WORKERS}, got 2`],
  ["a list of workers", `${S}synapse:\n  workers: [a]\n`, `3:12: \`synapse.workers\`: expected ${WORKERS}, got a list`],
  [
    "no group of workers",
    `${S}synapse:\n  workers: {}\n`,
    "3:3: `synapse.workers`: names no group: say `none` for main alone",
  ],
  [
    "an unknown role",
    `${S}synapse:\n  workers:\n    sync: {roles: [sync, initial_synk], count: 2}\n`,
    `4:26: \`synapse.workers.sync.roles[1]\`: expected ${ROLES} or background_tasks, got "initial_synk"; did you mean initial_sync?`,
  ],
  [
    "workers without a role",
    `${S}synapse:\n  workers:\n    a: {roles: []}\n    b: {count: 2}\n`,
    `4:16: \`synapse.workers.a.roles\`: is empty: a worker needs a role, of ${ROLES}, background_tasks`,
    "5:5: `synapse.workers.b.roles`: is missing: expected a list of roles",
  ],
  [
    "a role that is no list, and a group that is no mapping",
    `${S}synapse:\n  workers:\n    a: {roles: pusher}\n    b: [pusher]\n`,
    '4:16: `synapse.workers.a.roles`: expected a list of roles, got "pusher"',
    "5:8: `synapse.workers.b`: expected a mapping, got a list",
  ],
  [
    "a mistyped key of a group",
    `${S}synapse:\n  workers:\n    a: {roles: [pusher], counts: 2}\n`,
    "4:26: `synapse.workers.a.counts`: unknown key; did you mean `count`? Allowed: roles, count",
  ],
  [
    "two writers of a stream in one group",
    `${S}synapse:\n  workers:\n    streams: {roles: [receipts, typing], count: 2}\n`,
    "4:49: `synapse.workers.streams.count`: typing may run in one process only, not in streams1 and streams2: Synapse refuses two writers of this stream",
  ],
  [
    "two writers of a stream in two groups",
    `${S}synapse:\n  workers:\n    a: {roles: [typing]}\n    b: {roles: [pusher, typing]}\n`,
    "5:25: `synapse.workers.b.roles[1]`: typing may run in one process only, not in a1 and b1: Synapse refuses two writers of this stream",
  ],
  [
    "two processes for the background",
    `${S}synapse:\n  workers:\n    a: {roles: [background_tasks], count: 2}\n`,
    "4:43: `synapse.workers.a.count`: background_tasks may run in one process only, not in a1 and a2: two would run every job twice",
  ],
  [
    "single sign-on on two processes",
    `${S}synapse:\n  workers:\n    a: {roles: [sso]}\n    b: {roles: [sso]}\n`,
    "5:17: `synapse.workers.b.roles[0]`: sso may run in one process only, not in a1 and b1: a login in progress lives in the memory of one process",
  ],
  [
    "two processes with the media repository",
    `${S}synapse:\n  workers:\n    media: {roles: [media_repository], count: 2}\n`,
    "4:47: `synapse.workers.media.count`: media_repository may run in one process only, not in media1 and media2: every process with the repository would clean up the same files",
  ],
  [
    "first syncs without later ones, and a role twice",
    `${S}synapse:\n  workers:\n    first: {roles: [initial_sync], count: 2}\n    a: {roles: [pusher, pusher]}\n`,
    "4:21: `synapse.workers.first.roles[0]`: initial_sync without sync: initial_sync and sync need each other, as one path serves both",
    "5:25: `synapse.workers.a.roles[1]`: a1 has the role pusher twice",
  ],
  [
    "later syncs without first ones",
    `${S}synapse:\n  workers:\n    later: {roles: [pusher, sync], count: 2}\n`,
    "4:29: `synapse.workers.later.roles[1]`: sync without initial_sync: initial_sync and sync need each other, as one path serves both",
  ],
  [
    "a role whose endpoints need a flag",
    `${S}synapse:\n  workers:\n    a: {roles: [pusher, thread_subscriptions]}\n`,
    "4:25: `synapse.workers.a.roles[1]`: thread_subscriptions needs `synapse.settings.experimental_features.msc4306_enabled: true`: without it Synapse has none of its endpoints",
  ],
  [
    "an image that is too old for a layout",
    `${S}images: {synapse: "matrixdotorg/synapse:v1.130.0"}\nsynapse: {workers: eight}\n`,
    "2:19: `images.synapse`: Synapse 1.130 is too old for what the workers do, which needs: client_reader 1.144, device_lists 1.135, media_repository 1.159. Name a newer image, or a layout without them in `synapse.workers`",
  ],
  [
    "an image that is too old for a layout by hand",
    `${S}images: {synapse: "matrixdotorg/synapse:v1.100.0"}\nsynapse:\n  workers:\n    a: {roles: [push_rules, pusher]}\n`,
    "2:19: `images.synapse`: Synapse 1.100 is too old for what the workers do, which needs: push_rules 1.105. Name a newer image, or a layout without them in `synapse.workers`",
  ],
  [
    "unsafe names of groups",
    `${S}synapse:\n  workers:\n    Sync: {roles: [pusher]}\n    a1: {roles: [pusher]}\n    my-group: {roles: [pusher]}\n`,
    `4:5: \`synapse.workers.Sync\`: ${GROUP} "Sync"`,
    `5:5: \`synapse.workers.a1\`: ${GROUP} "a1"`,
    `6:5: \`synapse.workers.my-group\`: ${GROUP} "my-group"`,
  ],
  [
    "workers called main",
    `${S}synapse:\n  workers:\n    main: {roles: [pusher]}\n    master: {roles: [pusher]}\n`,
    "4:5: `synapse.workers.main`: main is no worker: a group may not be called main",
    "5:5: `synapse.workers.master`: main is no worker: a group may not be called master",
  ],
  [
    "counts that are none",
    `${S}synapse:\n  workers:\n    a: {roles: [pusher], count: -1}\n    b: {roles: [pusher], count: 101}\n`,
    "4:33: `synapse.workers.a.count`: expected a whole number from 0 to 100, got -1",
    "5:33: `synapse.workers.b.count`: expected a whole number from 0 to 100, got 101",
  ],
  [
    "too many workers for one host",
    `${S}synapse:\n  workers:\n    a: {roles: [pusher], count: 60}\n    b: {roles: [federation_sender], count: 60}\n`,
    "3:3: `synapse.workers`: 120 workers: at most 100, since each pays for following all the others",
  ],
  [
    "counts beside groups",
    `${S}synapse:\n  workers:\n    a: {roles: [pusher]}\n  worker_counts: {a: 2}\n`,
    "5:3: `synapse.worker_counts`: goes with a layout by name: say `count` in each group",
  ],
  [
    "counts of groups that the layout does not have",
    `${S}synapse:\n  workers: eight\n  worker_counts: {snyc: 2, x: 1}\n`,
    "4:25: `synapse.worker_counts.snyc`: the layout eight has no group `snyc`; did you mean `sync`? There are: sync 2, rooms 2, persister 1, streams 1, federation 1, media 1",
    "4:31: `synapse.worker_counts.x`: the layout eight has no group `x`; there are: sync 2, rooms 2, persister 1, streams 1, federation 1, media 1",
  ],
  [
    "a count of a group that no layout has",
    `${S}synapse:\n  worker_counts: {snyc: 2}\n`,
    "3:19: `synapse.worker_counts.snyc`: no layout has a group `snyc`; did you mean `sync`? There are: client, federation, sync, rooms, persister, streams, media, initial, streams1, streams2, sender, background",
  ],
  [
    "a count that makes two writers of a stream",
    `${S}synapse:\n  workers: eight\n  worker_counts: {sync: 3, streams: 2}\n`,
    "4:37: `synapse.worker_counts.streams`: typing may run in one process only, not in streams1 and streams2: Synapse refuses two writers of this stream",
  ],
  [
    "a count for a single process",
    `${S}synapse:\n  workers: seventeen\n  worker_counts: {streams1: 2}\n`,
    "4:29: `synapse.worker_counts.streams1`: streams1 is a single process of the layout seventeen: 0 or 1",
  ],
  [
    "a count that leaves first syncs to nobody",
    `${S}synapse:\n  workers: seventeen\n  worker_counts: {initial: 0}\n`,
    "4:28: `synapse.worker_counts.initial`: sync without initial_sync: initial_sync and sync need each other, as one path serves both",
  ],
  [
    "a count in words",
    `${S}synapse:\n  workers: eight\n  worker_counts: {sync: three}\n`,
    '4:25: `synapse.worker_counts.sync`: expected a whole number from 0 to 100, got "three"',
  ],
  [
    "a misspelt way to register",
    `${S}synapse:\n  registration: opne\n`,
    '3:17: `synapse.registration`: expected closed, token or open, got "opne"; did you mean open?',
  ],
  [
    "a log level in small letters",
    `${S}synapse:\n  log_level: info\n`,
    '3:14: `synapse.log_level`: expected DEBUG, INFO, WARNING or ERROR, got "info"; did you mean INFO?',
  ],
  [
    "an upload size without a unit",
    `${S}synapse:\n  max_upload_size: 50\n`,
    "3:20: `synapse.max_upload_size`: expected a size such as 512MB or 4GB, got 50",
  ],
  [
    "a cache factor of zero",
    `${S}synapse:\n  global_cache_factor: 0\n`,
    "3:24: `synapse.global_cache_factor`: expected a number above 0, got 0",
  ],
  [
    "a database pool in words",
    `${S}synapse:\n  cp_max: ten\n`,
    '3:11: `synapse.cp_max`: expected a whole number above 0, got "ten"',
  ],
  [
    "a misspelt rate limit",
    `${S}synapse:\n  rate_limits:\n    rc_mesage: {per_second: 1, burst_count: 2}\n`,
    `4:5: \`synapse.rate_limits.rc_mesage\`: unknown key; did you mean \`rc_message\`? Allowed: ${LIMITS}`,
  ],
  [
    "a rate limit without its burst",
    `${S}synapse:\n  rate_limits:\n    rc_message: {per_second: 1}\n`,
    "4:5: `synapse.rate_limits.rc_message.burst_count`: is missing: expected a number, 0 or above",
  ],
  [
    "a negative rate limit",
    `${S}synapse:\n  rate_limits:\n    rc_message: {per_second: -1, burst_count: 2}\n`,
    "4:30: `synapse.rate_limits.rc_message.per_second`: expected a number, 0 or above, got -1",
  ],
  [
    "a rate limit that is a number",
    `${S}synapse:\n  rate_limits:\n    rc_message: 5\n`,
    "4:17: `synapse.rate_limits.rc_message`: expected a mapping, got 5",
  ],
  [
    "a rate limit with a misspelt key",
    `${S}synapse:\n  rate_limits:\n    rc_message: {per_seconds: 1, burst_count: 2}\n`,
    "4:5: `synapse.rate_limits.rc_message.per_second`: is missing: expected a number, 0 or above",
    "4:18: `synapse.rate_limits.rc_message.per_seconds`: unknown key; did you mean `per_second`? Allowed: per_second, burst_count",
  ],
  [
    "an inner rate limit with a text",
    `${S}synapse:\n  rate_limits:\n    rc_login:\n      address: {per_second: fast, burst_count: 2}\n`,
    '5:29: `synapse.rate_limits.rc_login.address.per_second`: expected a number, 0 or above, got "fast"',
  ],
  [
    "a DSN that is no URL",
    `${S}synapse:\n  sentry_dsn: mysentry\n`,
    '3:15: `synapse.sentry_dsn`: expected the DSN of a Sentry project such as https://key@sentry.example.com/1, got "mysentry"',
  ],
  [
    "a whitelist with open federation",
    `${S}expected:\n  federation: open\nsynapse:\n  federation_domain_whitelist: [a.example]\n`,
    "5:3: `synapse.federation_domain_whitelist`: goes with `expected.federation: small`, which is `open` here",
  ],
  [
    "a whitelist with closed federation",
    `${S}expected:\n  federation: closed\nsynapse:\n  federation_domain_whitelist: [a.example]\n`,
    "5:3: `synapse.federation_domain_whitelist`: goes with `expected.federation: small`, which is `closed` here",
  ],
  [
    "a whitelist that is a text",
    `${S}synapse:\n  federation_domain_whitelist: a.example\n`,
    '3:32: `synapse.federation_domain_whitelist`: expected a list of server names, got "a.example"',
  ],
  [
    "a whitelist with a number",
    `${S}synapse:\n  federation_domain_whitelist: [a.example, 5]\n`,
    "3:44: `synapse.federation_domain_whitelist[1]`: expected a Matrix server name such as example.com, got 5",
  ],
  [
    "Synapse's settings as a list",
    `${S}synapse:\n  settings: [a]\n`,
    "3:13: `synapse.settings`: expected a mapping of settings, got a list",
  ],
  [
    "a misspelt key of Synapse",
    `${S}synapse:\n  presense: false\n`,
    `3:3: \`synapse.presense\`: unknown key; did you mean \`presence\`? Allowed: ${SYNAPSE}`,
  ],
  [
    "a host name that may reach the admin API",
    `${S}nginx:\n  admin_api_from: [office.example.com]\n`,
    '3:20: `nginx.admin_api_from[0]`: expected an address or a network such as 10.0.0.0/8, got "office.example.com"',
  ],
  [
    "admin networks that are no list",
    `${S}nginx:\n  admin_api_from: 10.0.0.0/8\n`,
    '3:19: `nginx.admin_api_from`: expected a list of networks such as [10.0.0.0/8], got "10.0.0.0/8"',
  ],
  [
    "an Nginx directive that is a mapping",
    `${S}nginx:\n  settings:\n    gzip: {on: true}\n`,
    "4:11: `nginx.settings.gzip`: expected a text, a number, true or false, got a mapping",
  ],
  [
    "a misspelt key of Nginx",
    `${S}nginx:\n  setings: {}\n`,
    "3:3: `nginx.setings`: unknown key; did you mean `settings`? Allowed: version, admin_api_from, settings",
  ],
  [
    "mistakes in several places, in the order of the lines",
    "public_baseurl: x\nserver_name: a b\nlisten:\n  port: 0\nredis:\n  flavour: x\n",
    '1:17: `public_baseurl`: expected an address such as https://matrix.example.com, without a path, got "x"',
    '2:14: `server_name`: expected a Matrix server name such as example.com, got "a b"',
    "4:9: `listen.port`: expected a port from 1 to 65535, got 0",
    '6:12: `redis.flavour`: expected redis or valkey, got "x"',
  ],
  [
    "a key that is written in quotes",
    `${S}"postgress": {}\n`,
    `2:1: \`postgress\`: unknown key; did you mean \`postgres\`? Allowed: ${TOP}`,
  ],
  [
    "a merge key",
    "base: &base {port: 80}\nserver_name: example.com\nlisten:\n  <<: *base\n",
    `1:1: \`base\`: unknown key; allowed: ${TOP}`,
    "4:3: `listen.<<`: unknown key; allowed: address, port",
  ],
  ["a key of the prototype", `${S}__proto__: {x: 1}\n`, `2:1: \`__proto__\`: unknown key; allowed: ${TOP}`],
  ["a key of the prototype, constructor", `${S}constructor: 1\n`, `2:1: \`constructor\`: unknown key; allowed: ${TOP}`],
  ["a tag", `${S}listen: !!set {port}\n`, "2:9: no valid YAML: unknown mapping tag !<tag:yaml.org,2002:set>"],
  ["a key that is a list", `${S}? [a, b]\n: c\n`, "1:1: no valid YAML: object-based map does not support complex keys"],
  [
    "an escape in a key",
    `${S}"listen\\u0065r": {}\n`,
    `2:1: \`listener\`: unknown key; did you mean \`listen\`? Allowed: ${TOP}`,
  ],
  [
    "Windows line ends",
    "server_name: example.com\r\nlisten:\r\n  port: 0\r\n",
    "3:9: `listen.port`: expected a port from 1 to 65535, got 0",
  ],
];
