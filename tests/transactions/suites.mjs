// All cases of transactions, by suite. A case is a name and a function that uses a database and asserts.

import { connectionCases } from "./connection_cases.mjs";
import { isolationCases } from "./isolation_cases.mjs";
import { outcomeCases } from "./outcome_cases.mjs";
import { timeCases } from "./time_cases.mjs";

export const suites = {
  outcome: { title: "what comes of one", cases: outcomeCases },
  isolation: { title: "several at once", cases: isolationCases },
  time: { title: "one that lasts too long", cases: timeCases },
  connection: { title: "SQL that begins and ends them", cases: connectionCases },
};
