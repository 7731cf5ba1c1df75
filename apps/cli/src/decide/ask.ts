import { createInterface } from "node:readline";
import { CtoError } from "@cto/errors";
import { EXIT } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

/** True if there is a person to ask: the question is shown on standard error and answered on standard input. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** What a person typed, without white space around it. `interrupted` for Ctrl-C and for the end of the input. */
export type Answer = { readonly kind: "typed"; readonly text: string } | { readonly kind: "interrupted" };

/** Asks for one line. Ask only if `canAsk`. */
function ask(question: string): Promise<Answer> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    prompt.once("SIGINT", () => prompt.close());
    prompt.once("close", () => resolve({ kind: "interrupted" }));
    prompt.question(question, (text) => {
      resolve({ kind: "typed", text: text.trim() });
      prompt.close();
    });
  });
}

/** Asks for a word before something is signed. Null if it was typed, else the exit code. Throws `CLI_USAGE` if there is nobody to ask. */
export async function confirmSigning(terminal: Terminal, word: string, keyName: string): Promise<number | null> {
  if (!canAsk())
    throw new CtoError("CLI_USAGE", `nobody can be asked here whether to ${word}`, {
      hint: "Read what is to be signed and add --yes, or use a terminal.",
    });
  const answer = await ask(`Type ${word} to sign this with the key ${keyName}: `);
  if (answer.kind === "typed" && answer.text === word) return null;
  terminal.note("nothing was signed");
  return answer.kind === "typed" ? EXIT.fail : EXIT.interrupted;
}
