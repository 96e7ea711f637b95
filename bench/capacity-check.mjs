// Does a machine hold what the kit says that it holds? Containers on one core, the load on another, so that the load takes
// nothing of what is measured; fewer messages than predicted, as many, and more.
import { Arm } from "./arm.mjs";
import { markdown, round, sum } from "./lib.mjs";

const CORES = 1;
const CHECKED = ["none", "two"];
/** Of the messages a second that the kit says it holds. */
const SHARES = [0.6, 1, 1.3];

/** Names, ports and networks of this machine that nothing else may have. */
const placeOf = (layout, place) => ({
  environment: `benchc-check-${layout}`,
  port: 18462 + place,
  network: `10.127.${32 + 4 * place}.0/22`,
});

const checkOf = async (layout, place, seconds) => {
  const arm = new Arm(layout, placeOf(layout, place), { hardware: { ram: "8GB", cpus: CORES } });
  try {
    await arm.deploy({ senders: 8, members: 5 });
    await arm.pin(CORES);
    const { users, messages_per_second: predicted, bottleneck, target } = arm.size.capacity;
    const windows = [];
    for (const share of SHARES) {
      const rate = share * predicted;
      const { send_ms, delivery_ms, messages_per_second, cores, cpu_ms_per_message, failures } = await arm.measure({
        rate,
        seconds,
      });
      if (failures.first) console.error(`capacity: ${failures.first}`);
      windows.push({
        share,
        rate: round(rate),
        messages_per_second: round(messages_per_second),
        send_p50_ms: round(send_ms.p50),
        send_p95_ms: round(send_ms.p95),
        delivery_p95_ms: round(delivery_ms.p95),
        cores: round(sum(cores)),
        cpu_ms_per_message: round(cpu_ms_per_message),
        within_target: send_ms.p95 <= target.send_p95_ms,
      });
      console.error(`capacity: ${layout} at ${share} of what is predicted: ${JSON.stringify(windows.at(-1))}`);
    }
    return {
      layout,
      cores: CORES,
      predicted: { users, messages_per_second: predicted, bottleneck, ...target },
      windows,
    };
  } finally {
    arm.remove();
  }
};

/** Drives less, as much and more than the kit predicts. */
export const benchCheck = async ({ seconds = 30 } = {}) => {
  const checks = [];
  for (const [place, layout] of CHECKED.entries()) checks.push(await checkOf(layout, place, seconds));
  return checks;
};

/** Of each window, beside what was predicted. */
export const capacityTable = ({ checks }) =>
  markdown([
    ["one core, of what is predicted", "messages/s", "send ms, p50 / 95", "delivery ms, p95", "cores in use"],
    ...checks.flatMap(({ layout, predicted, windows }) =>
      windows.map(({ share, rate, send_p50_ms, send_p95_ms, delivery_p95_ms, cores }) => [
        `\`${layout}\`, ${share} × ${predicted.messages_per_second}`,
        String(rate),
        `${send_p50_ms} / ${send_p95_ms}`,
        String(delivery_p95_ms),
        String(cores),
      ]),
    ),
  ]);
