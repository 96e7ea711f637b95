import { HttpBackend, LocalBackend, PgBackend, S3Backend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { Environment, FlatSettings, ImageName } from "../configs/environment";
import { Alertmanager } from "../constructs/alertmanager/alertmanager";
import { Compressor } from "../constructs/compressor/compressor";
import { Exporter } from "../constructs/exporters/exporter";
import { Grafana } from "../constructs/grafana/grafana";
import { MatrixNotifier } from "../constructs/matrix-notifier/matrix-notifier";
import { Nginx } from "../constructs/nginx/nginx";
import { Pgbouncer } from "../constructs/pgbouncer/pgbouncer";
import { Platform } from "../constructs/platform/platform";
import { Postgres } from "../constructs/postgres/postgres";
import { Prometheus } from "../constructs/prometheus/prometheus";
import { Redis } from "../constructs/redis/redis";
import type { Service } from "../constructs/service/service";
import { Synapse } from "../constructs/synapse/synapse";
import type { Plan } from "../sizing/plan";

/** Terraform's own words (`use_path_style`) as cdktf spells them. */
const camelCased = (settings: FlatSettings): object =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()),
      value,
    ]),
  );

export interface HomeserverStackProps {
  readonly environment: Environment;
  readonly plan: Plan;
  readonly images: Readonly<Record<ImageName, string>>;
  /** Local state file, relative to the folder that Terraform runs in. */
  readonly statePath: string;
  /**
   * Folder that paths of secret files start from, relative to the one that Terraform runs in: that of the
   * environment's file.
   * @default "."
   */
  readonly secretFilesFrom?: string;
  /**
   * False leaves volumes, networks and secrets: applied, it takes the containers down and keeps what was stored.
   * @default true
   */
  readonly running?: boolean;
  /** Lets Terraform destroy what was stored. @default false */
  readonly disposable?: boolean;
}

/** One environment: the whole box. */
export class HomeserverStack extends TerraformStack {
  constructor(scope: Construct, props: HomeserverStackProps) {
    super(scope, props.environment.name);
    const { environment, plan, images } = props;
    const running = props.running ?? true;
    this.backend(environment, props.statePath);

    const platform = new Platform(this, "platform", {
      environment,
      plan,
      images,
      disposable: props.disposable ?? false,
      secretFilesFrom: props.secretFilesFrom ?? ".",
    });
    const postgres = new Postgres(this, "postgres", { platform, running });
    if (!running) {
      new Synapse(this, "synapse", { platform, dependsOn: [], running });
      new Alertmanager(this, "alertmanager", { platform });
      new Prometheus(this, "prometheus", { platform });
      new Grafana(this, "grafana", { platform });
      return;
    }
    const pgbouncer = plan.pgbouncer && new Pgbouncer(this, "pgbouncer", { platform, plan: plan.pgbouncer });
    const redis = plan.redis && new Redis(this, "redis", { platform, plan: plan.redis });
    const synapse = new Synapse(this, "synapse", {
      platform,
      dependsOn: [postgres.service, pgbouncer?.service, redis?.service].filter((service) => service !== undefined),
    });
    // Waits for nobody: a port that is taken shows at once, and not after minutes.
    const nginx = new Nginx(this, "nginx", { platform });
    const compressor = plan.compressor && new Compressor(this, "compressor", { platform, plan: plan.compressor });
    this.monitoring(platform, [
      ...[postgres, pgbouncer, redis].flatMap((one) => (one?.service ? [one.service] : [])),
      ...synapse.processes,
      nginx.service,
      ...(compressor ? [compressor.service] : []),
    ]);
  }

  /** What watches. Nothing waits for it and it waits for nobody: what is not there yet is asked again. */
  private monitoring(platform: Platform, services: readonly Service[]): void {
    const { monitoring } = platform.plan;
    const alertmanager = new Alertmanager(this, "alertmanager", { platform, plan: monitoring?.alertmanager });
    const prometheus = new Prometheus(this, "prometheus", { platform, plan: monitoring?.prometheus });
    const grafana = new Grafana(this, "grafana", { platform, plan: monitoring?.grafana });
    if (!monitoring) return;
    const notifier =
      monitoring.matrixNotifier &&
      new MatrixNotifier(this, "matrix-notifier", { platform, plan: monitoring.matrixNotifier });
    const watching = [alertmanager, prometheus, grafana, ...(notifier ? [notifier] : [])].flatMap(({ service }) =>
      service ? [service] : [],
    );
    const exporters = monitoring.exporters
      .filter(({ service }) => service !== "container-exporter")
      .map((plan) => new Exporter(this, plan.name, { platform, plan }).service);
    const containers = monitoring.exporters.find(({ service }) => service === "container-exporter");
    if (!containers) return;
    new Exporter(this, containers.name, {
      platform,
      plan: containers,
      watched: [...services, ...watching, ...exporters],
    });
  }

  /** Always explicit: cdktf's own default is an absolute path, which would make the output depend on the folder. */
  private backend(environment: Environment, statePath: string): void {
    const { backend } = environment.state;
    const config = camelCased(environment.state.config);
    switch (backend) {
      case "local":
        new LocalBackend(this, { path: statePath });
        break;
      case "s3":
        new S3Backend(this, config as ConstructorParameters<typeof S3Backend>[1]);
        break;
      case "http":
        new HttpBackend(this, config as ConstructorParameters<typeof HttpBackend>[1]);
        break;
      case "pg":
        new PgBackend(this, config as ConstructorParameters<typeof PgBackend>[1]);
        break;
    }
  }
}
