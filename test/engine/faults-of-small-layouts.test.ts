import { faultTests } from "../support/process-faults";

describe.each(["two", "three", "eight"] as const)("%s", (layout) => faultTests(layout, 18041, "10.123.168.0/22"));
