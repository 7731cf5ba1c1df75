export interface GuideCommand {
  readonly text: string;
  /** The lines that stand under the command in the guide. */
  readonly output: readonly string[];
}
export interface RanCommand extends GuideCommand {
  /** The command as it was run: with what was on the screen this time. */
  readonly typed: string;
  /** The lines that came out. */
  readonly seen: readonly string[];
}
export interface RanGuide {
  readonly commands: readonly RanCommand[];
  readonly lines: readonly string[];
}
export function parseGuide(text: string): {
  readonly commands: readonly GuideCommand[];
  readonly lines: readonly string[];
};
export function normalise(text: string): string;
export function changingParts(text: string): readonly string[];
export function runGuide(text: string): Promise<RanGuide>;
export function toRecorded(guide: RanGuide): string;
