import { faultTests } from "../support/process-faults";

// The layout with the most processes: each role that any other gives to a worker has one here too.
faultTests("seventeen", 18013, "10.123.140.0/22");
