export { closestWord } from "./closest-word.ts";
export type { CtoErrorOptions, JsonObject, JsonValue } from "./cto-error.ts";
export { CtoError, messageOf, systemCode } from "./cto-error.ts";
export type { SecretMatch } from "./text-hygiene.ts";
export { findSecrets, oneLine, redactSecrets, stripControls } from "./text-hygiene.ts";
