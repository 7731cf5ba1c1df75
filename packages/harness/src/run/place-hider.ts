import { redactSecrets } from "@cto/errors";

/**
 * Takes the places of this machine out of text that enters a bundle: a bundle must not tell where it was made. Also redacts secret-shaped
 * values. `shown` stands where `host` (an absolute path) stood.
 */
export interface PlaceHider {
  add(host: string, shown: string): void;
  /** For text as a person reads it. */
  text(text: string): string;
  /** For bytes in a latin1 view, as logs are cleaned. */
  bytes(latin1: string): string;
}

interface Place {
  readonly host: string;
  readonly latin1: string;
  readonly shown: string;
}

/** An empty hider. Longer paths are replaced first, whatever the order in which they were added. */
export function createPlaceHider(): PlaceHider {
  const places: Place[] = [];
  return {
    add(host, shown) {
      // A root or a single top-level folder says nothing about a machine, and replacing it would garble everything.
      if (host.split("/").length < 3 || places.some((place) => place.host === host)) return;
      places.push({ host, latin1: Buffer.from(host).toString("latin1"), shown });
      places.sort((a, b) => b.host.length - a.host.length);
    },
    text: (text) => places.reduce((hidden, { host, shown }) => hidden.replaceAll(host, shown), redactSecrets(text)),
    bytes: (latin1) =>
      places.reduce((hidden, place) => hidden.replaceAll(place.latin1, place.shown), redactSecrets(latin1)),
  };
}
