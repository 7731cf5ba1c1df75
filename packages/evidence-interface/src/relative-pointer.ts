/** The whole rule of `isRelativePointer` but its length limit, as one linear expression, so that JSON Schema can state it too. */
export const relativePointerPattern =
  /^(?![A-Za-z][A-Za-z0-9+.-]*:)(?!\.{1,2}(?:\/|$))[^/\\\u0000-\u001f\u007f]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\\u0000-\u001f\u007f]+)*$/;

/** The longest pointer, in UTF-16 code units. */
export const relativePointerLength = 1024;

/**
 * True for a path that stays inside the directory it is relative to: forward slashes, no empty, `.` or `..` segment, not absolute,
 * no drive letter, URL, backslash or control character.
 */
export function isRelativePointer(path: string): boolean {
  return path.length <= relativePointerLength && relativePointerPattern.test(path);
}
