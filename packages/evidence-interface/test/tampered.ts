import { tamperedApprovals } from "./tampered-approvals.ts";
import { tamperedArtifacts } from "./tampered-artifacts.ts";
import { tamperedDecisions } from "./tampered-decisions.ts";
import { tamperedDocuments } from "./tampered-documents.ts";
import { tamperedEvents } from "./tampered-events.ts";
import { tamperedFiles } from "./tampered-files.ts";
import { tamperedFormats } from "./tampered-formats.ts";
import { tamperedGates } from "./tampered-gates.ts";
import { tamperedLayers } from "./tampered-layers.ts";
import { tamperedLogs } from "./tampered-logs.ts";
import { tamperedOutcomes } from "./tampered-outcomes.ts";
import { tamperedPackets } from "./tampered-packets.ts";
import { tamperedPolicies } from "./tampered-policies.ts";
import { tamperedRestatements } from "./tampered-restatements.ts";
import { tamperedStages } from "./tampered-stages.ts";
import { tamperedVerdicts } from "./tampered-verdicts.ts";
import type { Tampering } from "./tampering.ts";

/** Every named way to spoil a bundle. */
export const tamperings: readonly Tampering[] = [
  ...tamperedFiles,
  ...tamperedFormats,
  ...tamperedVerdicts,
  ...tamperedEvents,
  ...tamperedDocuments,
  ...tamperedArtifacts,
  ...tamperedRestatements,
  ...tamperedOutcomes,
  ...tamperedLogs,
  ...tamperedApprovals,
  ...tamperedDecisions,
  ...tamperedPackets,
  ...tamperedPolicies,
  ...tamperedStages,
  ...tamperedLayers,
  ...tamperedGates,
];
