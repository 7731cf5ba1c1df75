export type {
  ClaimKind,
  Engine,
  EngineDescription,
  EngineEvent,
  EngineMount,
  EngineOutcome,
  EngineProbe,
  EngineProcessResult,
  EngineSession,
  EngineSpawnRequest,
  EngineTask,
  ModelEndpoint,
} from "./engine.ts";
export { ENGINE_CONTRACT } from "./engine.ts";
