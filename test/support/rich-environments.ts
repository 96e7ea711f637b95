/** Environments to break that write what the shipped ones leave to the kit, each of them sound. */
export const RICH: readonly string[] = [
  `server_name: watched.example.org
hardware: {ram: 16GB, cpus: 8, disk: {kind: nvme, size: 200GB}}
expected:
  users: 300
  events_per_second: 4
  fan_out: 12.5
  federation: open
synapse:
  workers: eight
  worker_counts:
    sync: 3
    rooms: 1
    media: 0
monitoring:
  enabled: true
  scrape_interval: 15s
  retention:
    time: 30d
    size: 4GB
  objectives: {send_within_500ms: 90, availability: 99}
  alerts:
    enabled: true
    receivers:
      hook:
        severity: page
        webhook: https://alerts.example.org/hook
      room:
        matrix:
          homeserver: https://matrix.example.com
          room_id: "!abcdef:example.com"
          access_token: {secret_file: secrets/token}
  grafana:
    enabled: true
    port: 3001
compressor:
  enabled: true
  schedule: "5 4 * * 0"
  chunk_size: 200
  levels: [50, 20]
  memory: 256MB
`,
  `server_name: hand.example.org
hardware: {ram: 24GB, cpus: 6, disk: ssd}
expected: {fan_out: 2, federation: small}
images: {source: official, nginx: "nginx:1.28-alpine-slim"}
synapse:
  presence: true
  workers:
    sync:
      roles: [initial_sync, sync, sliding_sync]
      count: 2
    rooms:
      roles: [pagination, event_creator, client_reader]
      count: 3
    writer:
      roles: [event_persister, typing, receipts, presence]
    servers:
      roles: [federation_inbound, federation_reader, federation_sender]
    media: {roles: [media_repository], count: 0}
monitoring:
  enabled: auto
  alerts: {enabled: false}
  grafana: {enabled: false}
compressor: {enabled: false}
`,
];
