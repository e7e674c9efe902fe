/** Ids become names of directories and files, so a foreign one must not wander through the file system. */
const TAP_ID = /^[\w-]{1,64}$/;

export function isTapId(text: string): boolean {
  return TAP_ID.test(text);
}
